import { defineScript } from '../../redis/script.ts';
import { run, sessionKeys } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { LUA_EMIT } from './lua-parts.ts';

/**
 * KEYS  1 run  2 deadlines  3 errors  4 events  5 session  6 pending list  7 results  8 decisions  9 signals
 *       10 effects  11 lock of a rollback
 * ARGV  1 now  2 run id  3 next check at  4 has session (1 or 0)
 * Returns {verdict, status, turns of the session that go first}.
 */
const RESUME_RUN = defineScript(
  'resume-run',
  `${LUA_EMIT}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'missing', '', 0} end
if status == 'rolled_back' or redis.call('HEXISTS', KEYS[1], 'undone') == 1 then return {'rolled_back', status, 0} end
if redis.call('EXISTS', KEYS[11]) == 1 then return {'rolling_back', status, 0} end
if status ~= 'failed' and status ~= 'timed_out' then return {'not_resumable', status, 0} end
-- What a saga has undone, also one whose failure was caught, is completed no more.
for _, path in ipairs(redis.call('HKEYS', KEYS[7])) do
  if string.find(path, '~undo', 1, true) then return {'rolled_back', status, 0} end
end
local behind = 0
if ARGV[4] == '1' then
  local session = redis.call('HMGET', KEYS[5], 'session_id', 'forgetting')
  if not session[1] or session[2] then return {'session_gone', status, 0} end
  if redis.call('HEXISTS', KEYS[5], 'active') == 1 then
    redis.call('LPUSH', KEYS[6], ARGV[2])
    behind = 1
  else
    redis.call('HSET', KEYS[5], 'active', ARGV[2])
  end
end
local generation = redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HINCRBY', KEYS[1], 'resumes', 1)
redis.call('HSET', KEYS[1], 'status', 'pending', 'ready_at', ARGV[1])
redis.call('HDEL', KEYS[1], 'error', 'ended_at', 'output', 'deadline_at')
if behind == 0 then
  redis.call('HSET', KEYS[1], 'deadline_at', tonumber(ARGV[1]) + tonumber(redis.call('HGET', KEYS[1], 'timeout_ms')))
end
redis.call('DEL', KEYS[3])
redis.call('HDEL', KEYS[1], 'has_errors')
-- What time and failures decided is open again; what was chosen (routes, chance) stays.
for _, key in ipairs(redis.call('HKEYS', KEYS[8])) do
  if string.find(key, '~[a-z]+%d*$') and not string.find(key, '~route$') and not string.find(key, '~rnd%d+$') then
    redis.call('HDEL', KEYS[8], key)
  end
end
redis.call('HDEL', KEYS[1], 'ending', 'rollback_asked', 'rollback_by', 'rollback_done')
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
for _, key in ipairs({KEYS[1], KEYS[4], KEYS[7], KEYS[8], KEYS[9], KEYS[10]}) do redis.call('PERSIST', key) end
emit(KEYS[4], 'run.accepted', ARGV[1], '', '', '{"resumed":true,"generation":' .. generation .. '}')
return {'resumed', 'pending', behind}
`,
);

export interface ResumeOutcome {
  readonly verdict: 'resumed' | 'missing' | 'not_resumable' | 'session_gone' | 'rolled_back' | 'rolling_back';
  readonly status: string;
  readonly queuedBehind: number;
}

/**
 * Open a failed run again under the next generation: its failed and skipped steps will be added anew, its
 * results stay. Exactly one of several callers succeeds. Nothing is on a queue yet.
 * Redis: one round trip.
 */
export async function resumeRun(
  store: RedisStore,
  request: { runId: string; sessionId: string | undefined; nowMs: number; nextCheckAtMs: number },
): Promise<ResumeOutcome> {
  const { keys } = store;
  const session = sessionKeys(keys, request.sessionId);
  const [verdict, status, queuedBehind] = (await run(
    store,
    RESUME_RUN,
    [
      keys.run(request.runId),
      keys.deadlines(),
      keys.runErrors(request.runId),
      keys.runEvents(request.runId),
      session.session,
      session.pending,
      keys.runResults(request.runId),
      keys.runDecisions(request.runId),
      keys.runSignals(request.runId),
      keys.runEffects(request.runId),
      keys.runRollback(request.runId),
    ],
    [request.nowMs, request.runId, request.nextCheckAtMs, request.sessionId === undefined ? 0 : 1],
  )) as [ResumeOutcome['verdict'], string, number];
  return { verdict, status, queuedBehind };
}
