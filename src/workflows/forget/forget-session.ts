import { isOpen } from '../../contracts/run.ts';
import { detachSession } from '../../safety/forget/detach-session.ts';
import { sleep } from '../../kernel/abort.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { readRunRecord } from '../../primitives/durable/read-run.ts';
import { toBackendError } from '../../redis/script.ts';
import {
  beginForgetting,
  finishForgetting,
  unfinishedForgetting,
  type Forgetting,
} from '../../sessions/forgetting.ts';
import { cancelRun } from '../cancel.ts';
import type { WorkflowContext } from '../context.ts';
import { findTraces } from './find-traces.ts';
import { removePatches, removeRecords } from './remove-records.ts';
import { removeTracedJobs } from './remove-jobs.ts';

/** `deleting`: something of it is still at work; the watchdog goes on with it. */
export type Forgotten = 'deleted' | 'deleting' | 'unknown';

/** Between two looks at what is still at work. */
const LOOK_EVERY_MS = 100;
/** Whoever began it has this long before the watchdog takes part. */
const PATIENCE_MS = 5_000;
const MOST_AT_ONCE = 20;

/**
 * Delete a session and everything that stands in Redis because of it. Its story:
 *
 * 1. it is marked: nobody finds it any more, no run of it is admitted or resumed, and no turn follows another
 * 2. its open runs are cancelled; those that have something to undo undo it
 * 3. when no run is open, one pass over all keys finds what they left; jobs are taken off their queues, and while a
 *    worker holds one, that is waited for
 * 4. records, results, texts, claims and answers of its runs go; interventions no longer name the session
 * 5. the session goes, and its world unless another session plays in it, as one step with the mark
 *
 * Whoever dies on the way leaves the mark: the next one, or the watchdog, begins at 2 again. A worker that comes back
 * late finds neither record nor lock, and writes nothing.
 *
 * Errors: backend_unavailable; the signal's reason
 */
export async function forgetSession(
  ctx: WorkflowContext,
  sessionId: string,
  options: { readonly waitMs: number; readonly signal?: AbortSignal; readonly goesOn?: boolean },
): Promise<Forgotten> {
  const forgetting = await beginForgetting(ctx.store, sessionId, ctx.clock.now(), options.goesOn);
  if (forgetting === null) return 'unknown';
  const until = performance.now() + options.waitMs;
  while (!(await tryForget(ctx, forgetting))) {
    if (performance.now() >= until) return 'deleting';
    await sleep(LOOK_EVERY_MS, options.signal);
  }
  return 'deleted';
}

/** Go on with what somebody began and did not finish. @returns how many sessions are gone now */
export async function goOnForgetting(ctx: WorkflowContext, patienceMs = PATIENCE_MS): Promise<number> {
  let gone = 0;
  const before = ctx.clock.now() - patienceMs;
  for (const sessionId of await unfinishedForgetting(ctx.store, before, MOST_AT_ONCE)) {
    try {
      if ((await forgetSession(ctx, sessionId, { waitMs: 0, goesOn: true })) === 'deleted') gone += 1;
    } catch (error) {
      // One that cannot be finished must not keep the others.
      ctx.log.error({ err: error }, 'a session that is to be deleted stays for now');
    }
  }
  return gone;
}

/** @returns false while something is at work */
async function tryForget(ctx: WorkflowContext, forgetting: Forgetting): Promise<boolean> {
  const { store } = ctx;
  const { sessionId, worldId } = forgetting;
  const runIds = await runsOf(ctx, sessionId);
  if (!(await closeRuns(ctx, runIds))) return false;
  const queues = new Map([...ctx.stepQueues, [ctx.runJobs.name, ctx.runJobs]]);
  const bullPrefix = ctx.runJobs.opts.prefix ?? store.keys.prefix;
  const sought = { sessionId, worldId, runIds, bullPrefix, queues: new Set(queues.keys()) };
  const traces = await findTraces(store, sought);
  if ((await removeTracedJobs(store, queues, traces.jobs)) > 0) return false;
  await removeRecords(ctx, runIds, traces);
  await detachSession(store, sessionId, traces.safetyRecords);
  const isWorldGone = worldId !== undefined && !traces.isWorldShared;
  if (isWorldGone) await removePatches(store, worldId);
  await finishForgetting(store, forgetting, {
    keysToo: [
      store.keys.safetySession(sessionId),
      ...traces.sessionKeys,
      ...(isWorldGone ? traces.worldKeys : []),
    ],
    graphForgets: isWorldGone && ctx.settings.hasWorldOutbox ? worldId : null,
    nowMs: ctx.clock.now(),
  });
  return true;
}

async function runsOf({ store }: WorkflowContext, sessionId: string): Promise<string[]> {
  try {
    return await store.redis.zrevrange(store.keys.sessionRuns(sessionId), 0, -1);
  } catch (error) {
    throw toBackendError(error, 'reading the runs of a session');
  }
}

/** The newest first, so that none begins because the one before it has ended. @returns whether none is open */
async function closeRuns(ctx: WorkflowContext, runIds: readonly string[]): Promise<boolean> {
  let open = 0;
  for (const runId of runIds) {
    const run = await readRunRecord(ctx.store, runId);
    if (run === null || !isOpen(run.status)) continue;
    try {
      await cancelRun(ctx, runId, 'its session is being deleted');
    } catch (error) {
      const hasEnded = isFleetError(error) && ['run_not_cancellable', 'run_not_found'].includes(error.code);
      if (!hasEnded) throw error;
    }
    const now = await readRunRecord(ctx.store, runId);
    if (now !== null && isOpen(now.status)) open += 1;
  }
  return open === 0;
}
