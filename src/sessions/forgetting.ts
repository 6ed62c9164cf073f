import { FleetError } from '../kernel/errors.ts';
import { newSessionId } from '../kernel/ids.ts';
import { defineScript, runScript, toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';

/** A session that is being forgotten. The mark differs from that of any later session with the same id. */
export interface Forgetting {
  readonly sessionId: string;
  readonly mark: string;
  /** Undefined when the session had expired: its world has, too. */
  readonly worldId: string | undefined;
}

/**
 * KEYS  1 session  2 pending list  3 runs of the session  4 sessions that are being forgotten
 * ARGV  1 now  2 session id  3 mark  4 goes on only with what somebody began (1 or 0)
 * Returns {mark, world id or ''}, or nothing when neither the session nor any run of it is known.
 * What is marked does not expire: who goes on with it must still find which runs there were.
 */
const BEGIN_FORGETTING = defineScript(
  'begin-forgetting',
  `
local session = redis.call('HMGET', KEYS[1], 'session_id', 'forgetting')
-- It has gone by itself, and whoever has its id now asked for nothing.
local another = ARGV[4] == '1' and session[1] and not session[2]
if another or (redis.call('EXISTS', KEYS[1]) == 0 and redis.call('EXISTS', KEYS[3]) == 0) then
  redis.call('ZREM', KEYS[4], ARGV[2])
  return {}
end
redis.call('HSETNX', KEYS[1], 'forgetting', ARGV[3])
redis.call('DEL', KEYS[2])
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[3])
redis.call('ZADD', KEYS[4], 'NX', ARGV[1], ARGV[2])
return {redis.call('HGET', KEYS[1], 'forgetting'), redis.call('HGET', KEYS[1], 'world_id') or ''}
`,
);

/**
 * KEYS  1 session  2 pending list  3 runs of the session  4 sessions that are being forgotten  5 outbox of the graph
 *       6 active sessions  7… other keys of the session and of its world
 * ARGV  1 mark  2 session id  3 world that the graph must forget ('' = none)  4 now
 * Returns 1, or 0 when the session was forgotten before.
 */
const FINISH_FORGETTING = defineScript(
  'finish-forgetting',
  `
if redis.call('HGET', KEYS[1], 'forgetting') ~= ARGV[1] then return 0 end
for i, key in ipairs(KEYS) do
  if i < 4 or i > 6 then redis.call('UNLINK', key) end
end
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[6], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('XADD', KEYS[5], '*', 'kind', 'forget', 'world_id', ARGV[3], 'version', '0', 'patch', '{}', 'at', ARGV[4])
end
return 1
`,
);

/**
 * Hide a session: from here on it is found by nobody, admits and resumes no run, and nobody can create it.
 * Marking it again finds the first mark.
 *
 * @param goesOn  only where somebody marked it before
 * @returns null when nothing is known of it. One round trip.
 */
export async function beginForgetting(
  store: RedisStore,
  sessionId: string,
  nowMs: number,
  goesOn = false,
): Promise<Forgetting | null> {
  const { keys } = store;
  const [mark, worldId] = (await runScript(
    store.redis,
    BEGIN_FORGETTING,
    [keys.session(sessionId), keys.sessionPending(sessionId), keys.sessionRuns(sessionId), keys.forgetting()],
    [nowMs, sessionId, newSessionId(), goesOn ? 1 : 0],
  )) as [string?, string?];
  if (mark === undefined) return null;
  return { sessionId, mark, worldId: worldId === '' ? undefined : worldId };
}

/**
 * Remove what is left of a session, as one step, when everything that its runs left is gone.
 * @param keysToo  further keys of the session, and those of its world where no other session plays in it
 * @returns false when somebody else was quicker. One round trip.
 */
export async function finishForgetting(
  store: RedisStore,
  { sessionId, mark }: Forgetting,
  rest: { readonly keysToo: readonly string[]; readonly graphForgets: string | null; readonly nowMs: number },
): Promise<boolean> {
  const { keys } = store;
  const own = [
    keys.session(sessionId),
    keys.sessionPending(sessionId),
    keys.sessionRuns(sessionId),
    keys.forgetting(),
    keys.worldOutbox(),
    keys.activeSessions(),
  ];
  const others = rest.keysToo.filter((key) => !own.includes(key));
  const done = await runScript(
    store.redis,
    FINISH_FORGETTING,
    [...own, ...others],
    [mark, sessionId, rest.graphForgets ?? '', rest.nowMs],
  );
  return done === 1;
}

/** Sessions that somebody began to forget before `beforeMs` and has not finished, the oldest first. */
export async function unfinishedForgetting(
  store: RedisStore,
  beforeMs: number,
  limit: number,
): Promise<string[]> {
  try {
    return await store.redis.zrangebyscore(store.keys.forgetting(), '-inf', beforeMs, 'LIMIT', 0, limit);
  } catch (error) {
    throw toBackendError(error, 'reading the sessions that are being forgotten');
  }
}

/** Whether there is such a session and it is not being forgotten. Errors: backend_unavailable. */
export async function isThere({ redis, keys }: RedisStore, sessionId: string): Promise<boolean> {
  try {
    const [id, forgetting] = await redis.hmget(keys.session(sessionId), 'session_id', 'forgetting');
    return id != null && forgetting == null;
  } catch (error) {
    throw toBackendError(error, 'reading a session');
  }
}

/** Who may ask for the end of a session; also of one that is being forgotten already. */
export async function ownersOfSession(
  store: RedisStore,
  sessionId: string,
): Promise<{ userId: string | undefined; keyId: string | undefined } | null> {
  try {
    const { keys, redis } = store;
    const [[known, userId, keyId], hasRuns] = await Promise.all([
      redis.hmget(keys.session(sessionId), 'session_id', 'user_id', 'created_by', 'forgetting'),
      redis.exists(keys.sessionRuns(sessionId)),
    ]);
    if (known == null && hasRuns === 0) return null;
    return { userId: userId ?? undefined, keyId: keyId ?? undefined };
  } catch (error) {
    throw toBackendError(error, 'reading a session');
  }
}

export function sessionNotFound(sessionId: string): FleetError {
  return new FleetError({
    code: 'session_not_found',
    kind: 'not_found',
    message: `there is no session "${sessionId}" (it may have expired)`,
  });
}
