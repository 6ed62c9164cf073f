import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import { alarmsOf } from '../primitives/durable/alarms.ts';
import { readRun } from '../primitives/durable/read-run.ts';
import { recordDecisions } from '../primitives/durable/record-decisions.ts';
import { removeJobs } from './cancel.ts';
import { stepJobId } from './compile.ts';
import type { WorkflowContext } from './context.ts';
import { mustPause, ring } from './coordinate.ts';
import { derive } from './derive.ts';
import { driveRun, type DriveOutcome } from './drive.ts';
import { endRun } from './end-run.ts';
import { endStatus } from './settle.ts';

/**
 * Let what changed outside the queues take effect: a signal that came, time that has passed, a run that must end.
 * What follows is recorded, steps that were given up are taken off their queues, and the run job wakes by itself
 * when nothing below it is left; a run that has nothing to undo ends here and now.
 */
export async function nudge(ctx: WorkflowContext, runId: string): Promise<DriveOutcome> {
  for (;;) {
    const facts = await readRun(ctx.store, runId);
    if (facts === null || !isOpen(facts.run.status)) return 'ended';
    const { run } = facts;
    const definition = ctx.catalog.find(run.workflow, run.version);
    if (definition === undefined) return 'unknown_version';
    const nowMs = ctx.clock.now();
    const next = derive(definition, facts, nowMs);
    if (next.decide.length > 0 || next.abandon.length > 0) {
      await recordDecisions(ctx.store, { runId, decide: next.decide, abandon: next.abandon, nowMs });
      await Promise.all(next.abandon.map(({ path }) => takeOff(ctx, runId, path, run.generation)));
      continue;
    }
    if (next.outcome.state === 'failed' && run.ending !== undefined) {
      const { code, message } = next.outcome.error;
      await endRun(ctx, run, { status: endStatus(code, facts), error: { code, message }, nowMs });
      await removeJobs(ctx, run);
      return 'ended';
    }
    await wakeAlarms(ctx, runId, (scope) => mustPause(definition, facts, next, scope, nowMs));
    return driveRun(ctx, runId);
  }
}

/** A waiting job is removed, which wakes its parent in time; an active one was told to stop. */
async function takeOff(ctx: WorkflowContext, runId: string, path: string, generation: number): Promise<void> {
  const id = stepJobId(runId, path, generation);
  for (const queue of ctx.stepQueues.values()) {
    try {
      const job = await queue.getJob(id);
      if (job === undefined) continue;
      await job.remove();
      return;
    } catch (error) {
      ctx.log.debug({ job_id: id, reason: toFleetError(error).message }, 'a given-up step ends by itself');
    }
  }
}

/** Pauses that have become pointless end now; their run jobs look at the facts again. */
async function wakeAlarms(
  ctx: WorkflowContext,
  runId: string,
  isNeeded: (scope: string) => boolean,
): Promise<void> {
  for (const { scope, jobId } of await alarmsOf(ctx.store, runId)) {
    if (!isNeeded(scope)) await ring(ctx, jobId);
  }
}
