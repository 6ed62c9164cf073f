import type { StoredError } from '../plan/node.ts';
import { defineScript } from '../../redis/script.ts';
import type { JobLock } from './commit-step.ts';
import { run } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { LUA_EMIT, LUA_IS_OPEN } from './lua-parts.ts';

/**
 * KEYS  1 run  2 results  3 errors  4 events, and when somebody holds its job  5 lock of the job
 * ARGV  1 now  2 path  3 agent  4 error envelope  5 event data  6 lock token of the worker
 * A step that has its result cannot fail any more, nor by a worker that has lost its job. Returns 1 when the failure was recorded.
 */
const FAIL_STEP = defineScript(
  'fail-step',
  `${LUA_IS_OPEN}${LUA_EMIT}
local status = redis.call('HGET', KEYS[1], 'status')
if not status or not is_open(status) then return 0 end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 0 end
if KEYS[5] and redis.call('GET', KEYS[5]) ~= ARGV[6] then return 0 end
if redis.call('HSETNX', KEYS[3], ARGV[2], ARGV[4]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'has_errors', 1)
emit(KEYS[4], 'step.failed', ARGV[1], ARGV[2], ARGV[3], ARGV[5])
return 1
`,
);

/** KEYS 1 run 2 events · ARGV 1 now 2 path 3 agent 4 event data. Only open runs tell of retries. */
const NOTE_RETRY = defineScript(
  'note-retry',
  `${LUA_IS_OPEN}${LUA_EMIT}
local status = redis.call('HGET', KEYS[1], 'status')
if status and is_open(status) then emit(KEYS[2], 'step.retrying', ARGV[1], ARGV[2], ARGV[3], ARGV[4]) end
return 1
`,
);

export interface StepFailure {
  readonly runId: string;
  readonly path: string;
  readonly agent: string;
  readonly error: StoredError;
  readonly durationMs: number | null;
  /** The lock of the step's job; null when nobody works on it. */
  readonly lock: JobLock | null;
  /** Of the job; left out: the first. */
  readonly generation?: number;
  readonly nowMs: number;
}

/** Record that a step failed for good; the steps after it will not call their agents. One round trip. */
export async function failStep(store: RedisStore, failure: StepFailure): Promise<boolean> {
  const { keys } = store;
  const { lock } = failure;
  const recorded = await run(
    store,
    FAIL_STEP,
    [
      keys.run(failure.runId),
      keys.runResults(failure.runId),
      keys.runErrors(failure.runId),
      keys.runEvents(failure.runId),
      ...(lock === null ? [] : [lock.key]),
    ],
    [
      failure.nowMs,
      failure.path,
      failure.agent,
      JSON.stringify(failure.error),
      JSON.stringify({
        error_code: failure.error.code,
        attempts: failure.error.attempts ?? null,
        duration_ms: failure.durationMs,
        ...(failure.generation ? { generation: failure.generation } : {}),
      }),
      lock?.token ?? '',
    ],
  );
  return recorded === 1;
}

export interface StepRetry {
  readonly runId: string;
  readonly path: string;
  readonly agent: string;
  readonly attempt: number;
  readonly delayMs: number;
  readonly errorCode: string;
  readonly nowMs: number;
}

/** Tell the run's watchers that a step will be tried again. One round trip, on the failing path only. */
export async function noteRetry(store: RedisStore, retry: StepRetry): Promise<void> {
  const { keys } = store;
  await run(
    store,
    NOTE_RETRY,
    [keys.run(retry.runId), keys.runEvents(retry.runId)],
    [
      retry.nowMs,
      retry.path,
      retry.agent,
      JSON.stringify({ attempt: retry.attempt, delay_ms: retry.delayMs, error_code: retry.errorCode }),
    ],
  );
}
