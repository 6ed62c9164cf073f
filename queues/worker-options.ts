import type { WorkerOptions } from 'bullmq';
import { specOf } from './catalogue.ts';
import { keptJobs, type Retention } from './job-options.ts';

/** How long a worker holds a job, and how often a job may lose its worker. */
export interface LockSettings {
  readonly lockSeconds: number;
  readonly stalledIntervalSeconds: number;
  readonly maxStalledSteps: number;
  readonly maxStalledRuns: number;
}

/** Minutes of completed and failed counts that BullMQ keeps per queue, for the rates of the operator's view. */
const METRIC_MINUTES = 120;

/** The options that every worker of a queue must share, whichever process it runs in. */
export function workerOptions(
  name: string,
  lock: LockSettings,
  retention: Retention,
): Pick<
  WorkerOptions,
  'lockDuration' | 'stalledInterval' | 'maxStalledCount' | 'removeOnComplete' | 'removeOnFail' | 'metrics'
> {
  const { stallLimit, keepsFailed } = specOf(name);
  return {
    lockDuration: lock.lockSeconds * 1000,
    stalledInterval: lock.stalledIntervalSeconds * 1000,
    maxStalledCount: stallLimit === 'step' ? lock.maxStalledSteps : lock.maxStalledRuns,
    ...keptJobs(retention),
    ...(keepsFailed === true ? { removeOnFail: { count: -1 } } : {}),
    metrics: { maxDataPoints: METRIC_MINUTES },
  };
}
