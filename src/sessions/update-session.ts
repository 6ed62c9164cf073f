import { MAX_METADATA_BYTES } from '../contracts/run.ts';
import { MAX_FLAGS, TherapeuticContext, type UpdateSession } from '../contracts/session.ts';
import { FleetError } from '../kernel/errors.ts';
import { defineScript, runScript } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import { sessionNotFound } from './forgetting.ts';

const FIELDS = ['therapeutic_context', 'difficulty', 'flags', 'metadata'] as const;
type Texts = Readonly<Record<(typeof FIELDS)[number], string>>;

/**
 * KEYS 1 session 2 pending list 3 turns 4 world 5 its history, or both as 2
 * ARGV 1 now 2 what stands in the four fields, as one text ('' = read only) 3 how many fields and values follow, 4… these
 * Returns {is there, written (1 or 0), what stands, world id}. The merging is done outside: Lua knows no empty lists.
 */
const SWAP_SETTINGS = defineScript(
  'swap-session-settings',
  `
local session = redis.call('HMGET', KEYS[1], 'session_id', 'forgetting', 'ttl_seconds', 'world_id')
if not session[1] or session[2] then return {0, 0, '', ''} end
local known = {}
for i, text in ipairs(redis.call('HMGET', KEYS[1], ${FIELDS.map((field) => `'${field}'`).join(', ')})) do known[i] = text or '' end
local stands = cjson.encode(known)
if ARGV[2] ~= stands then return {1, 0, stands, session[4] or ''} end
redis.call('HSET', KEYS[1], 'last_activity_at', ARGV[1], unpack(ARGV, 4, 3 + ARGV[3]))
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], session[3]) end
for i = 4, 5 do
  if redis.call('TTL', KEYS[i]) < tonumber(session[3]) then redis.call('EXPIRE', KEYS[i], session[3]) end
end
return {1, 1, stands, session[4] or ''}
`,
);

/**
 * Change what a session is set to; nothing that somebody else changes meanwhile is lost. It counts as activity.
 *
 * Errors: session_not_found, validation_failed (too many flags, or more than 16 KiB of metadata), backend_unavailable.
 * Two round trips, more when several write at once.
 */
export async function updateSession(
  store: RedisStore,
  sessionId: string,
  update: UpdateSession,
  nowMs: number,
): Promise<void> {
  const { keys } = store;
  let stands = '';
  let worldId = '';
  let next: readonly string[] = [];
  for (;;) {
    const session = [keys.session(sessionId), keys.sessionPending(sessionId), keys.sessionTurns(sessionId)];
    const none = keys.sessionPending(sessionId);
    const world = worldId === '' ? [none, none] : [keys.world(worldId), keys.worldHistory(worldId)];
    const args = [nowMs, stands, next.length, ...next];
    const reply = await runScript(store.redis, SWAP_SETTINGS, [...session, ...world], args);
    const [exists, written, text, playsIn] = reply as [number, number, string, string];
    if (exists === 0) throw sessionNotFound(sessionId);
    if (written === 1) return;
    stands = text;
    worldId = playsIn;
    const known = JSON.parse(text) as string[];
    const texts = Object.fromEntries(FIELDS.map((field, i) => [field, known[i] ?? '']));
    next = merged(texts as Texts, update);
  }
}

/** Fields and values to write. */
function merged(known: Texts, update: UpdateSession): string[] {
  const { therapeutic_context: therapeutic, difficulty, flags, metadata } = update;
  const next: string[] = [];
  if (therapeutic !== undefined) {
    const stands = TherapeuticContext.parse(parsed(known.therapeutic_context));
    const goals = therapeutic.goals ?? stands.goals;
    next.push('therapeutic_context', JSON.stringify({ goals, avoid: therapeutic.avoid ?? stands.avoid }));
  }
  if (difficulty !== undefined) next.push('difficulty', difficulty);
  if (flags !== undefined) {
    const all = withPatch(parsed(known.flags), flags);
    const count = Object.keys(all).length;
    if (count > MAX_FLAGS)
      throw tooMuch('/flags', `there would be ${count} flags; expected at most ${MAX_FLAGS}`);
    next.push('flags', JSON.stringify(all));
  }
  if (metadata !== undefined) {
    const text = JSON.stringify(withPatch(parsed(known.metadata), metadata));
    const bytes = Buffer.byteLength(text);
    const limit = MAX_METADATA_BYTES;
    if (bytes > limit) {
      throw tooMuch('/metadata', `the metadata would have ${bytes} bytes of JSON; expected at most ${limit}`);
    }
    next.push('metadata', text);
  }
  return next;
}

function parsed(text: string): object {
  return JSON.parse(text === '' ? '{}' : text) as object;
}

function withPatch(known: object, patch: object): object {
  return Object.fromEntries(Object.entries({ ...known, ...patch }).filter(([, value]) => value !== null));
}

function tooMuch(path: string, message: string): FleetError {
  const problems = [{ path, message, code: 'too_big' }];
  return new FleetError({ code: 'validation_failed', kind: 'invalid_input', message, problems });
}
