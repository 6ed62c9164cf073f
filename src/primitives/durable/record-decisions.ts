import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { GivenUp } from '../advance/facts.ts';
import { run } from './journal-store.ts';
import { LUA_EMIT, LUA_IS_OPEN } from './lua-parts.ts';

/**
 * KEYS  1 run  2 results  3 errors  4 events  5 decisions  6 cancel channel
 * ARGV  1 now  2 run id  3 count of decisions  then key, value … then path, agent ('' = none), error, event data …
 * A run has started once something was decided in it. Each is recorded once, and a step that is given up is told to stop, wherever it runs: a decision that stands stays, a step that has an outcome keeps it.
 * Returns the keys of the decisions that were recorded now.
 */
const RECORD_DECISIONS = defineScript(
  'record-decisions',
  `${LUA_IS_OPEN}${LUA_EMIT}
local run = redis.call('HMGET', KEYS[1], 'status', 'ending')
local status = run[1]
if not status or not is_open(status) then return {} end
local decisions = tonumber(ARGV[3])
if status == 'pending' and decisions > 0 and not run[2] then
  redis.call('HSET', KEYS[1], 'status', 'running', 'started_at', ARGV[1])
  emit(KEYS[4], 'run.started', ARGV[1], '', '', '')
end
local recorded = {}
for i = 4, 2 + decisions * 2, 2 do
  if redis.call('HSETNX', KEYS[5], ARGV[i], ARGV[i + 1]) == 1 then recorded[#recorded + 1] = ARGV[i] end
end
if decisions > 0 then redis.call('HSET', KEYS[1], 'has_decisions', 1) end
if #ARGV > 3 + decisions * 2 then redis.call('HSET', KEYS[1], 'has_errors', 1) end
for i = 4 + decisions * 2, #ARGV, 4 do
  if redis.call('HEXISTS', KEYS[2], ARGV[i]) == 0 and redis.call('HSETNX', KEYS[3], ARGV[i], ARGV[i + 2]) == 1 and ARGV[i + 1] ~= '' then
    emit(KEYS[4], 'step.failed', ARGV[1], ARGV[i], ARGV[i + 1], ARGV[i + 3])
    redis.call('PUBLISH', KEYS[6], ARGV[2] .. ' ' .. ARGV[i])
  end
end
return recorded
`,
);

export interface Decisions {
  readonly runId: string;
  readonly decide: readonly { readonly key: string; readonly value: unknown }[];
  /** Steps that are given up; whatever they still do is refused from now on. */
  readonly abandon: readonly Pick<GivenUp, 'path' | 'agent' | 'error'>[];
  readonly nowMs: number;
}

/**
 * Write down what was decided, before anything follows from it. One round trip.
 * @returns the keys that nobody had recorded before
 */
export async function recordDecisions(store: RedisStore, decisions: Decisions): Promise<readonly string[]> {
  const { keys } = store;
  const { runId } = decisions;
  const recorded = await run(
    store,
    RECORD_DECISIONS,
    [
      keys.run(runId),
      keys.runResults(runId),
      keys.runErrors(runId),
      keys.runEvents(runId),
      keys.runDecisions(runId),
      keys.cancelled(),
    ],
    [
      decisions.nowMs,
      runId,
      decisions.decide.length,
      ...decisions.decide.flatMap(({ key, value }) => [key, JSON.stringify(value)]),
      ...decisions.abandon.flatMap(({ path, agent, error }) => [
        path,
        agent ?? '',
        JSON.stringify(error),
        JSON.stringify({ error_code: error.code, attempts: null, duration_ms: null }),
      ]),
    ],
  );
  return recorded as readonly string[];
}
