import type { Job, Processor, Worker } from 'bullmq';
import { LOCK_LOST_REASON } from '../agents/processor.ts';
import type { Core } from './core.ts';

/** Counts and times every attempt, however it ends. */
export function measured(core: Core, queue: string, processor: Processor): Processor {
  const { metrics } = core;
  return async (job, token, signal) => {
    const started = performance.now();
    metrics.worker_active_jobs.inc({ queue });
    const waitedMs = (job.processedOn ?? job.timestamp) - job.timestamp;
    metrics.job_wait_seconds.observe({ queue }, Math.max(0, waitedMs) / 1000);
    try {
      return await processor(job, token, signal);
    } finally {
      metrics.worker_active_jobs.dec({ queue });
      metrics.job_duration_seconds.observe({ queue }, (performance.now() - started) / 1000);
    }
  };
}

/** Counts what BullMQ tells of a worker, and stops work whose lock was lost. */
export function observeWorker(core: Core, queue: string, worker: Worker): void {
  const { metrics, log } = core;
  metrics.worker_concurrency.set({ queue }, worker.concurrency);
  worker.on('completed', (_job: Job) => metrics.jobs_completed_total.inc({ queue }));
  worker.on('stalled', (jobId: string) => {
    metrics.jobs_stalled_total.inc({ queue });
    log.warn({ queue, job_id: jobId }, 'job lost its worker and is started again');
  });
  worker.on('lockRenewalFailed', (jobIds: string[]) => {
    // Somebody else may have these jobs by now: stop producing effects.
    for (const jobId of jobIds) worker.cancelJob(jobId, LOCK_LOST_REASON);
  });
  worker.on('error', (error) => log.debug({ queue, reason: error.message }, 'worker reported an error'));
}
