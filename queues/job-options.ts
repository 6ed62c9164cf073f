import type { JobsOptions, KeepJobs } from 'bullmq';
import { BACKOFF_TYPE, QUEUES } from './catalogue.ts';

/** How long finished jobs stay for inspection. BullMQ looks only when another job of the kind finishes. */
export interface Retention {
  readonly completed: { readonly ageSeconds: number; readonly count: number };
  readonly failed: { readonly ageSeconds: number; readonly count: number };
}

export interface KeptJobs {
  readonly removeOnComplete: KeepJobs;
  readonly removeOnFail: KeepJobs;
}

export function keptJobs(retention: Retention): KeptJobs {
  return {
    removeOnComplete: { age: retention.completed.ageSeconds, count: retention.completed.count },
    removeOnFail: { age: retention.failed.ageSeconds, count: retention.failed.count },
  };
}

/**
 * Options of a step job. `ignoreDependencyOnFailure` on every edge: without it a parent whose child fails for
 * good waits for ever, and every other flag wakes it too early or never runs it. How long a job is kept is its
 * worker's to say.
 */
export function stepJobOptions(job: { jobId: string; priority: number; attempts: number }): JobsOptions {
  return {
    jobId: job.jobId,
    priority: job.priority,
    attempts: job.attempts,
    backoff: { type: BACKOFF_TYPE },
    ignoreDependencyOnFailure: true,
  };
}

/** Options of the job that owns a run. */
export function runJobOptions(job: { jobId: string; priority: number }): JobsOptions {
  return {
    jobId: job.jobId,
    priority: job.priority,
    attempts: QUEUES.flow.retry.max_attempts,
    backoff: { type: BACKOFF_TYPE },
  };
}
