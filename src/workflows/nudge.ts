import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import type { Continuation, GivenUp } from '../primitives/advance/facts.ts';
import { alarmsOf } from '../primitives/durable/alarms.ts';
import { calledRunId, completedCall, readCalledRuns, recordCall } from '../primitives/durable/called-runs.ts';
import { beginEnding } from '../primitives/durable/ending.ts';
import { readRun, readRunRecord } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { removeJobs } from './cancel.ts';
import { stepJobId } from './compile.ts';
import type { WorkflowContext } from './context.ts';
import { mustPause, ring } from './coordinate.ts';
import { derive } from './derive.ts';
import { driveRun, type DriveOutcome } from './drive.ts';
import { endRun, endStatus } from './end-run.ts';
import { recordAndCount } from './record-and-count.ts';
import { endIfForsakenOutside } from './unknown-version.ts';

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
    // Nothing of its plan may be decided before it begins.
    if (run.delayed_until !== undefined && run.ending === undefined) return driveRun(ctx, runId);
    const definition = ctx.catalog.find(run.workflow, run.version);
    if (definition === undefined) {
      return (await endIfForsakenOutside(ctx, facts)) ? 'forsaken' : 'unknown_version';
    }
    const nowMs = ctx.clock.now();
    const next = derive(definition, facts, nowMs);
    const recorded = await recordNext(ctx, run, next, nowMs);
    if (recorded === 'recorded') {
      const steps = next.abandon.filter(({ isCall }) => !isCall);
      await Promise.all(steps.map(({ path }) => takeOff(ctx, runId, path, run.generation)));
      continue;
    }
    if (recorded === 'nothing' && next.outcome.state === 'failed' && run.ending !== undefined) {
      const { code, message } = next.outcome.error;
      await endRun(ctx, run, { status: endStatus(code, facts), error: { code, message }, facts, nowMs });
      await removeJobs(ctx, run);
      return 'ended';
    }
    await wakeAlarms(ctx, runId, (scope) => mustPause(definition, facts, next, scope, nowMs));
    return driveRun(ctx, runId);
  }
}

/**
 * Write down what follows from the facts. A run that was called and is given up is told to end; the call is given up
 * when that run has ended, so what it undoes is undone before anything its caller undoes.
 *
 * @returns `recorded`: the facts have changed; `calls_end`: nothing is left but to wait for called runs that end
 */
export async function recordNext(
  ctx: WorkflowContext,
  run: RunRecord,
  next: Continuation,
  nowMs: number,
): Promise<'recorded' | 'nothing' | 'calls_end'> {
  if (next.decide.length === 0 && next.abandon.length === 0) return 'nothing';
  const calls = next.abandon.filter(({ isCall }) => isCall);
  const ended = await endCalls(ctx, run, calls);
  const abandon = next.abandon.filter((givenUp) => !givenUp.isCall || ended.givenUp.includes(givenUp));
  if (next.decide.length === 0 && abandon.length === 0) return ended.completed > 0 ? 'recorded' : 'calls_end';
  await recordAndCount(ctx, { runId: run.run_id, decide: next.decide, abandon, nowMs });
  return 'recorded';
}

/** Tell called runs to end; what was completed before keeps its outcome. */
async function endCalls(
  ctx: WorkflowContext,
  run: RunRecord,
  calls: readonly GivenUp[],
): Promise<{ readonly completed: number; readonly givenUp: readonly GivenUp[] }> {
  const records = await readCalledRuns(
    ctx.store,
    run.run_id,
    calls.map(({ path }) => path),
  );
  let completed = 0;
  const givenUp: GivenUp[] = [];
  for (const [index, call] of calls.entries()) {
    const called = await endCalled(ctx, run, call, records[index] ?? null);
    if (called?.status === 'completed') {
      const { created_at: startedAtMs, ended_at: nowMs = ctx.clock.now() } = called;
      const at = { runId: run.run_id, path: call.path, startedAtMs, nowMs };
      await recordCall(ctx.store, at, completedCall(called));
      completed += 1;
    } else if (called === null || !isOpen(called.status)) givenUp.push(call);
  }
  return { completed, givenUp };
}

/** @returns the record of the called run as it is then; null when there is none */
async function endCalled(
  ctx: WorkflowContext,
  run: RunRecord,
  { path, error }: GivenUp,
  called: RunRecord | null,
): Promise<RunRecord | null> {
  if (called === null || !isOpen(called.status)) return called;
  const code = error.code === 'deadline_exceeded' ? 'deadline_exceeded' : 'cancelled';
  const runId = calledRunId(run.run_id, path);
  await beginEnding(ctx.store, runId, { code, message: error.message, path: '' });
  await nudge(ctx, runId);
  return readRunRecord(ctx.store, runId);
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
