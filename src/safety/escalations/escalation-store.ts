import { createHash } from 'node:crypto';
import { Escalation, type ChannelName } from '../../contracts/escalation.ts';
import { toIso, type Clock } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

/** With five for each new one, about a fifth of the index may lead nowhere. */
const LOOKED_AT = 5;

/**
 * KEYS  1 escalation  2 index  3 due  4 events  5 alerts  6 audit  7 counters of the hour,
 *       then the missed pages of one channel per operation on them
 * ARGV  1 expected version (0 = there is none)  2 next version  3 data  4 index score ('' = is in it)  5 id
 *       6 seconds it is kept (0 = for ever)  7 time as text  8 how many due entries go, then those
 *       n how many come, then score and entry each;  n how many events, then type, data and whether it is an alert (1 or 0) each
 *       actor, event, session and player for the audit;  n counters, then name and amount each
 *       n operations on missed pages, then add or rem, score, page each
 *       prefix of the keys of escalations
 * Returns {verdict, version}: written, or conflict. All of it is one step, or nothing happened.
 */
const CHANGE_ESCALATION = defineScript(
  'change-escalation',
  `
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return {'conflict', version} end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
if ARGV[6] == '0' then redis.call('PERSIST', KEYS[1]) else redis.call('EXPIRE', KEYS[1], ARGV[6]) end
if ARGV[4] ~= '' then
  -- Records go by themselves when their time is over; a few places are looked at for each new one.
  for _, id in ipairs(redis.call('ZRANDMEMBER', KEYS[2], ${LOOKED_AT})) do
    if redis.call('EXISTS', ARGV[#ARGV] .. id) == 0 then redis.call('ZREM', KEYS[2], id) end
  end
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
end
local at = 8
local function count()
  local n = tonumber(ARGV[at])
  at = at + 1
  return n
end
local n = count()
for _ = 1, n do
  redis.call('ZREM', KEYS[3], ARGV[at])
  at = at + 1
end
n = count()
for _ = 1, n do
  redis.call('ZADD', KEYS[3], ARGV[at], ARGV[at + 1])
  at = at + 2
end
n = count()
for _ = 1, n do
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '*', 'type', ARGV[at], 'at', ARGV[7], 'data', ARGV[at + 1])
  if ARGV[at + 2] == '1' then
    redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 'kind', 'alert', 'at', ARGV[7], 'data', ARGV[at + 1])
  end
  at = at + 3
end
redis.call('XADD', KEYS[6], 'MAXLEN', '~', 1000000, '*', 'at', ARGV[7], 'event', ARGV[at + 1], 'actor', ARGV[at],
  'escalation_id', ARGV[5], 'session_id', ARGV[at + 2], 'user_hash', ARGV[at + 3])
at = at + 4
n = count()
for _ = 1, n do
  redis.call('HINCRBYFLOAT', KEYS[7], ARGV[at], ARGV[at + 1])
  at = at + 2
end
if n > 0 then redis.call('EXPIRE', KEYS[7], 3024000) end
n = count()
for i = 1, n do
  if ARGV[at] == 'add' then redis.call('ZADD', KEYS[7 + i], 'NX', ARGV[at + 1], ARGV[at + 2])
  else redis.call('ZREM', KEYS[7 + i], ARGV[at + 2]) end
  at = at + 3
end
return {'written', ARGV[2]}
`,
);

export interface SafetyEvent {
  readonly type: `safety.${string}`;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface MissedPage {
  readonly op: 'add' | 'rem';
  readonly channel: ChannelName;
  readonly page: string;
  readonly atMs: number;
}

/** A change of the record with everything that follows from it. */
export interface EscalationChange {
  readonly next: Escalation;
  readonly actor: string;
  readonly what: string;
  readonly done?: readonly string[];
  readonly due?: readonly { readonly member: string; readonly atMs: number }[];
  readonly events?: readonly SafetyEvent[];
  readonly missed?: readonly MissedPage[];
  /** What is counted in the hour: figures of dashboard and report. */
  readonly counts?: Readonly<Record<string, number>>;
}

const MAX_TRIES = 50;

/** Escalations in Redis; every change is one script under a check of the version. */
export class EscalationStore {
  readonly #store: RedisStore;
  readonly #clock: Clock;
  readonly #retentionSeconds: number;

  constructor(store: RedisStore, clock: Clock, retentionSeconds: number) {
    this.#store = store;
    this.#clock = clock;
    this.#retentionSeconds = retentionSeconds;
  }

  /** Errors: backend_unavailable. */
  async find(id: string): Promise<Escalation | null> {
    return this.#guarded(async () => {
      const data = await this.#store.redis.hget(this.#store.keys.safetyEscalation(id), 'data');
      return data === null ? null : Escalation.parse(JSON.parse(data));
    });
  }

  /** Errors: escalation_not_found (not_found), backend_unavailable. */
  async get(id: string): Promise<Escalation> {
    const found = await this.find(id);
    if (found !== null) return found;
    throw new FleetError({
      code: 'escalation_not_found',
      kind: 'not_found',
      message: `there is no escalation "${id}"`,
    });
  }

  /** Newest first, below `after`. */
  async list(page: {
    readonly limit: number;
    readonly after?: { readonly at: number; readonly id: string };
    readonly fits: (escalation: Escalation) => boolean;
  }): Promise<Escalation[]> {
    const { redis, keys } = this.#store;
    const found: Escalation[] = [];
    const top = page.after === undefined ? '+inf' : String(page.after.at);
    for (let offset = 0; found.length < page.limit; offset += PAGE) {
      const ids = await this.#guarded(() =>
        redis.zrevrangebyscore(keys.safetyEscalations(), top, '-inf', 'LIMIT', offset, PAGE),
      );
      const all = await Promise.all(ids.map((id) => this.find(id)));
      for (const one of all) {
        if (one === null || !page.fits(one) || !isBelow(one, page.after)) continue;
        found.push(one);
      }
      if (ids.length < PAGE) break;
    }
    return found.slice(0, page.limit);
  }

  /** @returns the record as it is now and whether it was made by this call */
  async create(change: EscalationChange): Promise<{ escalation: Escalation; isNew: boolean }> {
    if (await this.#write(change, 0, Date.parse(change.next.created_at))) {
      return { escalation: change.next, isNew: true };
    }
    return { escalation: await this.get(change.next.escalation_id), isNew: false };
  }

  /**
   * `decide` is called with the newest record, again when somebody was faster; null leaves it as it is.
   * Errors: escalation_not_found (not_found), conflict after too many tries, whatever `decide` throws
   */
  async change(
    id: string,
    decide: (now: Escalation) => EscalationChange | null,
  ): Promise<{ escalation: Escalation; isChanged: boolean }> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const now = await this.get(id);
      const change = decide(now);
      if (change === null) return { escalation: now, isChanged: false };
      const next = { ...change.next, version: now.version + 1 };
      if (await this.#write({ ...change, next }, now.version)) return { escalation: next, isChanged: true };
    }
    throw new FleetError({
      code: 'escalation_busy',
      kind: 'conflict',
      message: `escalation "${id}" changes too fast; try again`,
    });
  }

  async #write(change: EscalationChange, expected: number, indexScore?: number): Promise<boolean> {
    const { redis, keys } = this.#store;
    const { next, done = [], due = [], events = [], missed = [], counts = {} } = change;
    const nowMs = this.#clock.now();
    const counters = Object.entries(counts);
    const id = next.escalation_id;
    const [verdict] = (await runScript(
      redis,
      CHANGE_ESCALATION,
      [
        keys.safetyEscalation(id),
        keys.safetyEscalations(),
        keys.safetyDue(),
        keys.safetyEvents(),
        keys.safetyAlerts(),
        keys.safetyAudit(),
        keys.safetyStats(new Date(nowMs).toISOString().slice(0, 13).replace(/[-T]/g, '')),
        ...missed.map(({ channel }) => keys.safetyMissed(channel)),
      ],
      [
        expected,
        next.version,
        JSON.stringify(next),
        indexScore ?? '',
        id,
        next.status === 'resolved' ? this.#retentionSeconds : 0,
        toIso(nowMs),
        done.length,
        ...done,
        due.length,
        ...due.flatMap(({ member, atMs }) => [atMs, member]),
        events.length,
        ...events.flatMap(({ type, data }) => [type, JSON.stringify(data), type === 'safety.alert' ? 1 : 0]),
        change.actor,
        `escalation.${change.what.replaceAll(' ', '_')}`,
        sessionName(next.session_id),
        next.user_hash,
        counters.length,
        ...counters.flat(),
        missed.length,
        ...missed.flatMap(({ op, atMs, page }) => [op, atMs, page]),
        keys.safetyEscalation(''),
      ],
    )) as [string, string]; // what the script returns
    return verdict === 'written';
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toBackendError(error, 'reading escalations');
    }
  }
}

const PAGE = 100;

/** The audit outlives sessions, and names them as the audit of the API does. */
function sessionName(sessionId: string): string {
  return `sha256-${createHash('sha256').update(sessionId).digest('hex').slice(0, 16)}`;
}

function isBelow(one: Escalation, after: { readonly at: number; readonly id: string } | undefined): boolean {
  if (after === undefined) return true;
  const at = Date.parse(one.created_at);
  return at < after.at || (at === after.at && one.escalation_id < after.id);
}
