import { isOpen } from '../contracts/run.ts';
import { FleetError } from '../kernel/errors.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import { runJobIdOf, type RunRecord } from '../primitives/durable/run-record.ts';
import { FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import { beginEnding } from '../primitives/durable/ending.ts';
import { checkRunAt } from '../primitives/durable/open-runs.ts';
import { nudge } from './nudge.ts';
import { findStarter } from './starter.ts';

export function runNotFound(runId: string): FleetError {
  return new FleetError({
    code: 'run_not_found',
    kind: 'not_found',
    message: `there is no run "${runId}" (records are kept for a limited time after the end)`,
  });
}

/**
 * Cancel a run, from any process. Workers that are busy with it are told to stop, its waiting jobs are removed, and
 * what its sagas did is undone; a run with nothing to undo ends at once. Nothing it still does changes anything.
 *
 * Errors: run_not_found, run_not_cancellable (conflict), backend_unavailable
 */
export async function cancelRun(ctx: WorkflowContext, runId: string, reason: string): Promise<void> {
  const run = await readRunRecord(ctx.store, runId);
  if (run === null) throw runNotFound(runId);
  if (isOpen(run.status)) {
    // Nobody else looks at it before it begins, should this process die in between.
    if (run.delayed_until !== undefined) await checkRunAt(ctx.store, runId, ctx.clock.now() + FIRST_CHECK_MS);
    const begins = await beginEnding(ctx.store, runId, { code: 'cancelled', message: reason, path: '' });
    if (begins) return void (await nudge(ctx, runId));
  }
  const now = await readRunRecord(ctx.store, runId);
  throw new FleetError({
    code: 'run_not_cancellable',
    kind: 'conflict',
    retryable: false,
    message: `run "${runId}" has ended: ${now?.status ?? run.status}`,
    details: { status: now?.status ?? run.status },
  });
}

/**
 * Remove what still waits. Jobs that are active cannot be removed: they find the run ended and the chain
 * above them drains by itself.
 */
export async function removeJobs(ctx: WorkflowContext, run: RunRecord): Promise<void> {
  try {
    const job = await ctx.runJobs.getJob(runJobIdOf(run));
    await job?.remove({ removeChildren: true });
    if (run.delayed_until !== undefined) await (await findStarter(ctx, run.run_id))?.remove();
  } catch (error) {
    ctx.log.debug(
      { workflow_id: run.run_id, err: error instanceof Error ? error.message : String(error) },
      'jobs of an ended run are busy and drain by themselves',
    );
  }
}
