import { isOpen, type RunStatus } from '../../contracts/run.ts';
import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { StoredError } from '../plan/node.ts';
import { CALLS_RUN_ON } from '../advance/leaves.ts';
import { commitStep } from './commit-step.ts';
import { failStep } from './fail-step.ts';
import { decodeRun, type CalledBy, type RunRecord } from './run-record.ts';

/** The id of the run that a leaf calls: whoever derives the call derives the same run. */
export function calledRunId(runId: string, path: string): string {
  return `${runId}.${path}`;
}

/** The records of the runs that leaves call, in their order; null where there is none. One round trip. */
export async function readCalledRuns(
  store: RedisStore,
  runId: string,
  paths: readonly string[],
): Promise<(RunRecord | null)[]> {
  if (paths.length === 0) return [];
  const pipeline = store.redis.pipeline();
  for (const path of paths) pipeline.hgetall(store.keys.run(calledRunId(runId, path)));
  const replies = await pipeline.exec();
  return paths.map((_, index) => {
    const [error, hash] = replies?.[index] ?? [new Error('the connection was closed'), null];
    if (error !== null) throw toBackendError(error, 'reading a called run');
    return decodeRun(hash as Record<string, string>);
  });
}

/** A called run goes on under another run job. One round trip. */
export async function moveCalledRun(
  store: RedisStore,
  runId: string,
  moved: { readonly jobId: string; readonly calledBy: CalledBy },
): Promise<void> {
  await store.redis.hset(store.keys.run(runId), {
    job_id: moved.jobId,
    called_by: JSON.stringify(moved.calledBy),
  });
}

/** Whether the run that called this one still waits for it. One round trip. */
export async function isStillCalled(store: RedisStore, { run_id, path }: CalledBy): Promise<boolean> {
  const { redis, keys } = store;
  const replies = await redis
    .pipeline()
    .hget(keys.run(run_id), 'status')
    .hexists(keys.runErrors(run_id), path)
    .exec();
  const [[, status], [, hasFailed]] = replies as [[unknown, string | null], [unknown, number]];
  // Written by our own scripts only.
  return status !== null && isOpen(status as RunStatus) && hasFailed === 0;
}

/** How a called run ended. What it did, if anything, becomes an effect of its caller. */
export type CallOutcome =
  | { readonly output: unknown; readonly hasEffects: boolean }
  | { readonly error: StoredError };

/** The outcome of a called run, as that of the leaf that called it. The first outcome of a leaf stands. One round trip. */
export async function recordCall(
  store: RedisStore,
  call: {
    readonly runId: string;
    readonly path: string;
    readonly startedAtMs: number;
    readonly nowMs: number;
  },
  outcome: CallOutcome,
): Promise<void> {
  const { runId, path, nowMs } = call;
  const durationMs = Math.max(0, nowMs - call.startedAtMs);
  if ('error' in outcome) {
    await failStep(store, {
      runId,
      path,
      agent: CALLS_RUN_ON,
      error: outcome.error,
      durationMs,
      lock: null,
      nowMs,
    });
    return;
  }
  await commitStep(store, {
    owner: { kind: 'run', runId, path, agent: CALLS_RUN_ON },
    output: outcome.output,
    eventData: { attempt: 1, duration_ms: durationMs },
    lock: null,
    ...(outcome.hasEffects
      ? { effects: { effects: [{ kind: 'called_run', runId: calledRunId(runId, path) }], savepoint: null } }
      : {}),
    nowMs,
  });
}

/** What a completed run is for its caller. */
export function completedCall({ output = null, has_effects: hasEffects }: RunRecord): CallOutcome {
  return { output, hasEffects: hasEffects !== undefined };
}
