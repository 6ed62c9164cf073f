import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { NO_KEY_SUFFIX, run, sessionKeys } from './journal-store.ts';
import { LUA_IS_OPEN, LUA_KEEP_FOR } from './lua-parts.ts';

/**
 * KEYS  1 run  2 deadlines  3 session  4 pending list  5 turns  6 world  7 its history
 * ARGV  1 now  2 run id  3 next check at  4 has session (1 or 0)
 * Returns the verdict.
 */
const BEGIN_DELAYED = defineScript(
  'begin-delayed',
  `${LUA_IS_OPEN}${LUA_KEEP_FOR}
local run = redis.call('HMGET', KEYS[1], 'status', 'delayed_until', 'timeout_ms')
if not run[1] or not is_open(run[1]) then return 'ended' end
local active = ARGV[4] == '1' and redis.call('HGET', KEYS[3], 'active')
if not run[2] then return (active and active ~= ARGV[2]) and 'queued' or 'may_start' end
local verdict = 'may_start'
if ARGV[4] == '1' then
  local session = redis.call('HMGET', KEYS[3], 'session_id', 'forgetting')
  if not session[1] or session[2] then return 'session_gone' end
  if active and active ~= ARGV[2] then
    redis.call('RPUSH', KEYS[4], ARGV[2])
    verdict = 'queued'
  else
    redis.call('HSET', KEYS[3], 'active', ARGV[2])
  end
  local ttl = tonumber(redis.call('HGET', KEYS[3], 'ttl_seconds'))
  for _, key in ipairs({KEYS[3], KEYS[4], KEYS[5]}) do redis.call('EXPIRE', key, ttl) end
  keep_for(KEYS[6], ttl)
  keep_for(KEYS[7], ttl)
end
redis.call('HDEL', KEYS[1], 'delayed_until')
redis.call('HSET', KEYS[1], 'ready_at', ARGV[1])
if verdict == 'may_start' then redis.call('HSET', KEYS[1], 'deadline_at', ARGV[1] + tonumber(run[3])) end
redis.call('ZADD', KEYS[2], 'XX', ARGV[3], ARGV[2])
return verdict
`,
);

/** `queued`: a turn of its session goes first. `session_gone`: nothing was changed. */
export type DelayedBegin = 'may_start' | 'queued' | 'session_gone' | 'ended';

/**
 * The delay of a run is over: it takes its place in its session's order, and its time begins when it may start.
 * Asking again changes nothing. Nothing is on a queue yet. One round trip.
 */
export async function beginDelayed(
  store: RedisStore,
  request: {
    runId: string;
    sessionId: string | undefined;
    worldId: string | undefined;
    nowMs: number;
    nextCheckAtMs: number;
  },
): Promise<DelayedBegin> {
  const { keys } = store;
  const session = sessionKeys(keys, request.sessionId);
  const verdict = await run(
    store,
    BEGIN_DELAYED,
    [
      keys.run(request.runId),
      keys.deadlines(),
      session.session,
      session.pending,
      session.turns,
      keys.world(request.worldId ?? NO_KEY_SUFFIX),
      keys.worldHistory(request.worldId ?? NO_KEY_SUFFIX),
    ],
    [request.nowMs, request.runId, request.nextCheckAtMs, request.sessionId === undefined ? 0 : 1],
  );
  return verdict as DelayedBegin;
}
