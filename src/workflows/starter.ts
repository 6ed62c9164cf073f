import type { Job } from 'bullmq';
import { runJobOptions } from '../../queues/job-options.ts';
import { JOB_DATA_VERSION, type RunJobData } from '../contracts/job.ts';
import { jobPriority } from '../contracts/priority.ts';
import type { RunId } from '../kernel/ids.ts';
import type { NewRun } from '../primitives/durable/run-record.ts';
import { toBackendError } from '../redis/script.ts';
import type { WorkflowContext } from './context.ts';

/** The delayed job that starts a run later. Until then nothing else of the run is on a queue. */
export const START_JOB = 'wf-start';

function starterId(runId: string): string {
  return `${runId}.~start`;
}

export async function findStarter(ctx: WorkflowContext, runId: string): Promise<Job | undefined> {
  return ctx.runJobs.getJob(starterId(runId));
}

type DelayedRun = Pick<
  NewRun,
  'run_id' | 'workflow' | 'version' | 'priority' | 'correlation_id' | 'delayed_until'
>;

/** Put the starter of a run on its queue; one that is there stays. Errors: backend_unavailable. */
export async function addStarter(ctx: WorkflowContext, run: DelayedRun): Promise<void> {
  const data: RunJobData = {
    v: JOB_DATA_VERSION,
    run_id: run.run_id as RunId,
    workflow: run.workflow,
    version: run.version,
    correlation_id: run.correlation_id,
  };
  const delay = Math.max(0, Math.ceil((run.delayed_until ?? 0) - ctx.clock.now()));
  const options = runJobOptions({ jobId: starterId(run.run_id), priority: jobPriority(run.priority, 0) });
  try {
    await ctx.runJobs.add(START_JOB, data, { ...options, delay });
  } catch (error) {
    throw toBackendError(error, 'adding the starter of a run');
  }
}

/** @returns whether it was missing */
export async function ensureStarter(ctx: WorkflowContext, run: DelayedRun): Promise<boolean> {
  if ((await findStarter(ctx, run.run_id)) !== undefined) return false;
  await addStarter(ctx, run);
  return true;
}
