import { createHash } from 'node:crypto';
import { UnrecoverableError, type Job } from 'bullmq';
import { KIND_REACTIONS } from '../../kernel/error-kinds.ts';
import { toFleetError } from '../../kernel/errors.ts';
import type { RunId } from '../../kernel/ids.ts';
import { claimTick, noteFailedTick } from '../../primitives/durable/schedule-ticks.ts';
import type { WorkflowContext } from '../context.ts';
import { findDefinition } from '../catalog/catalog.ts';
import { parseInput, startRun } from '../start.ts';
import { ScheduleJobData } from './schedules.ts';

/**
 * A schedule is due: start its run.
 *
 * 1. the run's id derives from the job, so a job that is delivered twice, or replayed, means the same run
 * 2. one script decides whether to start it, and notes that with the schedule
 * 3. the run starts like any other
 *
 * What cannot be started (its workflow is gone, its input no longer fits) is noted with the schedule, logged, and is a
 * dead letter; replaying that starts the run of then. The schedule itself goes on.
 */
export async function runScheduled(ctx: WorkflowContext, job: Job): Promise<unknown> {
  const { schedule: name, start, created_by: createdBy } = ScheduleJobData.parse(job.data);
  const dueAtMs = Number(job.id!.slice(job.id!.lastIndexOf(':') + 1));
  // BullMQ plans the one after the last, too.
  if (start.ends_at !== undefined && dueAtMs > Date.parse(start.ends_at)) return { outcome: 'ended' };
  try {
    const definition = findDefinition(ctx.catalog, start.workflow, start.version);
    const input = parseInput(definition, start.input);
    const runId = runIdOf(ctx, job.id!, dueAtMs);
    // A line that would be answered itself has nobody here who reads the answer.
    if ((await ctx.screenInput?.(input, { runId, schedule: name })) === 'withheld') {
      const error = { code: 'text_withheld', message: 'its text may not be played' };
      await noteFailedTick(ctx.store, { name, dueAtMs, error });
      ctx.log.warn({ schedule: name, code: error.code }, 'a schedule did not start its run');
      return { outcome: 'withheld' };
    }
    const outcome = await claimTick(ctx.store, {
      name,
      runId,
      dueAtMs,
      skipWhileOpen: start.overlap === 'skip',
      nowMs: ctx.clock.now(),
    });
    if (outcome === 'skipped') return { outcome };
    await startRun(ctx, {
      definition,
      input,
      priority: start.priority,
      ...(start.timeout_s === undefined ? {} : { timeoutMs: start.timeout_s * 1000 }),
      onBusy: 'queue',
      metadata: { ...start.metadata, schedule: name },
      caller: { id: createdBy, roles: new Set() },
      runId,
    });
    return { outcome, run_id: runId };
  } catch (error) {
    const failure = toFleetError(error);
    const { code, message } = failure;
    ctx.log.error(
      { schedule: name, workflow: start.workflow, code, err: message },
      'a schedule could not start its run',
    );
    await noteFailedTick(ctx.store, { name, dueAtMs, error: { code, message } });
    if (KIND_REACTIONS[failure.kind].job !== 'give_up') throw failure;
    throw new UnrecoverableError(`${code}: ${message}`);
  }
}

/** A UUID version 7 of the moment the run was due, with a digest in the place of chance. */
function runIdOf(ctx: WorkflowContext, jobId: string, dueAtMs: number): RunId {
  const digest = createHash('sha256').update(`${ctx.store.keys.prefix} ${jobId}`).digest('hex');
  const time = dueAtMs.toString(16).padStart(12, '0');
  return `wf_${time.slice(0, 8)}-${time.slice(8)}-7${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}` as RunId;
}
