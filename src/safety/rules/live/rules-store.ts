import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toIso, type Clock } from '../../../kernel/clock.ts';
import { defineScript, runScript, toBackendError } from '../../../redis/script.ts';
import type { RedisStore } from '../../../redis/store.ts';
import { addAudit } from '../../record/add-audit.ts';
import { flatFields, MAX_AUDIT } from '../../record/side-writes.ts';
import { MAX_DOCUMENT_BYTES } from '../document.ts';

/** How many accepted documents can be gone back to. */
const KEPT = 20;
const EVENTS_KEPT = 10_000;
/** In the place of a digest: nothing must stand there. */
export const ABSENT = 'absent';

/**
 * KEYS rules. ARGV 1 digest that is known, or '' | 2 most bytes that are read
 * Returns {'absent'} | {'same'} | {'large', bytes} | {'new', digest, text}.
 */
const READ = defineScript(
  'read-safety-rules',
  `if redis.call('EXISTS', KEYS[1]) == 0 then return {'absent'} end
local bytes = redis.call('STRLEN', KEYS[1])
if bytes > tonumber(ARGV[2]) then return {'large', bytes} end
local text = redis.call('GET', KEYS[1])
local digest = redis.sha1hex(text)
if digest == ARGV[1] then return {'same'} end
return {'new', digest, text}`,
);

/**
 * KEYS 1 rules | 2 history | 3 events | 4 audit.
 * ARGV 1 '' for any, 'absent', or the digest that must stand there | 2 text | 3 its entry of the history
 *      4 entry for what held before, pushed first where the history is empty, or '' | 5 kept | 6 channel | 7 version
 *      8 data of the event | 9 events kept | 10 entry of the audit, as a list in JSON | 11 entries of it kept
 * Returns 1, or 0 when something else stands there.
 */
const WRITE = defineScript(
  'write-safety-rules',
  `local text = redis.call('GET', KEYS[1])
local now = text and redis.sha1hex(text) or 'absent'
if ARGV[1] ~= '' and ARGV[1] ~= now then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[4] ~= '' and redis.call('EXISTS', KEYS[2]) == 0 then redis.call('LPUSH', KEYS[2], ARGV[4]) end
redis.call('LPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[5]) - 1)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[9], '*', 'type', 'safety.rules.reloaded', 'data', ARGV[8])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[11], '*', unpack(cjson.decode(ARGV[10])))
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 1`,
);

/**
 * For a document that somebody wrote to the key by hand: the first process that accepts it notes it, the others find
 * it noted. KEYS and ARGV as above, but 3 entry | 4 version of the entry; 1 must still stand there.
 */
const NOTE = defineScript(
  'note-safety-rules',
  `local text = redis.call('GET', KEYS[1])
if not text or redis.sha1hex(text) ~= ARGV[1] then return 0 end
local newest = redis.call('LINDEX', KEYS[2], 0)
if newest and string.find(newest, '"' .. ARGV[4] .. '"', 1, true) then return 0 end
redis.call('LPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[5]) - 1)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[9], '*', 'type', 'safety.rules.reloaded', 'data', ARGV[8])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[11], '*', unpack(cjson.decode(ARGV[10])))
return 1`,
);

const HistoryEntry = z.object({
  version: z.string(),
  sha256: z.string(),
  at: z.string(),
  by: z.string(),
  document: z.unknown(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

export type ReadRules =
  | { readonly what: 'absent' }
  | { readonly what: 'same' }
  | { readonly what: 'large'; readonly bytes: number }
  | { readonly what: 'new'; readonly digest: string; readonly text: string };

/** The document in Redis, its history, and the word that it changed. Errors of all: backend_unavailable. */
export class RulesStore {
  readonly #store: RedisStore;
  readonly #clock: Clock;

  constructor(store: RedisStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** `redis:<key>`. */
  get source(): string {
    return `redis:${this.#store.keys.safetyRules()}`;
  }

  /** One round trip, in which the document travels only when it is not the one that is known. */
  async read(knownDigest: string): Promise<ReadRules> {
    const { redis, keys } = this.#store;
    const reply = await runScript(redis, READ, [keys.safetyRules()], [knownDigest, MAX_DOCUMENT_BYTES]);
    const [what, detail, text] = reply as [string, string | number, string];
    if (what === 'new') return { what, digest: String(detail), text };
    if (what === 'large') return { what, bytes: Number(detail) };
    return { what: what === 'same' ? 'same' : 'absent' };
  }

  /**
   * @param expected  what must stand there: a digest, `absent`, or null for anything
   * @param before  what held until now, kept as the first entry of the history
   * @returns false when something else stands there
   */
  async write(
    text: string,
    about: {
      readonly version: string;
      readonly by: string;
      readonly expected: string | null;
      readonly before: { readonly version: string; readonly document: unknown };
    },
  ): Promise<boolean> {
    const { redis, keys } = this.#store;
    const { version, by, expected, before } = about;
    const beforeText = JSON.stringify(before.document);
    const reply = await runScript(redis, WRITE, this.#keys(), [
      expected ?? '',
      text,
      this.#entry(text, version, by),
      this.#entry(beforeText, before.version, 'product'),
      KEPT,
      keys.safetyRulesChanged(),
      version,
      JSON.stringify({ version, source: this.source, by }),
      EVENTS_KEPT,
      this.#audited(version, by),
      MAX_AUDIT,
    ]);
    return reply === 1;
  }

  /** Keeps a document that was written by hand, once for all processes. */
  async note(text: string, digest: string, version: string): Promise<void> {
    const by = 'unknown';
    const event = JSON.stringify({ version, source: this.source, by });
    await runScript(this.#store.redis, NOTE, this.#keys(), [
      digest,
      '',
      this.#entry(text, version, by),
      version,
      KEPT,
      '',
      version,
      event,
      EVENTS_KEPT,
      this.#audited(version, by),
      MAX_AUDIT,
    ]);
  }

  /** Newest first; entries that cannot be read are left out. */
  async history(): Promise<HistoryEntry[]> {
    const { redis, keys } = this.#store;
    const entries = await redis.lrange(keys.safetyRulesHistory(), 0, KEPT - 1).catch((error: unknown) => {
      throw toBackendError(error, 'reading earlier rules');
    });
    return entries.flatMap((entry) => {
      try {
        const parsed = HistoryEntry.safeParse(JSON.parse(entry));
        return parsed.success ? [parsed.data] : [];
      } catch {
        return [];
      }
    });
  }

  /** For watchers: what was refused, and why; for the audit who wanted it, where somebody did. */
  async tellRejected(source: string, codes: readonly string[], by?: string): Promise<void> {
    const { redis, keys } = this.#store;
    if (by !== undefined) {
      const refused = { event: 'rules.refused', actor: by, codes: codes.join(',') };
      await addAudit(this.#store, refused, this.#clock.now());
    }
    const data = JSON.stringify({ source, codes });
    await redis.xadd(
      keys.safetyEvents(),
      'MAXLEN',
      '~',
      EVENTS_KEPT,
      '*',
      'type',
      'safety.rules.rejected',
      'data',
      data,
    );
  }

  #keys(): string[] {
    const { keys } = this.#store;
    return [keys.safetyRules(), keys.safetyRulesHistory(), keys.safetyEvents(), keys.safetyAudit()];
  }

  #audited(version: string, by: string): string {
    const at = toIso(this.#clock.now());
    return JSON.stringify(flatFields({ at, event: 'rules.changed', actor: by, rules_version: version }));
  }

  #entry(text: string, version: string, by: string): string {
    const sha256 = createHash('sha256').update(text).digest('hex');
    // The version stands first, where a script looks for it.
    return JSON.stringify({
      version,
      sha256,
      at: toIso(this.#clock.now()),
      by,
      document: JSON.parse(text) as unknown,
    });
  }
}

/** As Redis names a text. */
export function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
