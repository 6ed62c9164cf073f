import type { Job } from 'bullmq';
import type { JobWait } from '../src/contracts/why.ts';

/**
 * Put an active job off without spending an attempt, and leave with it why: nothing else would say what a delayed
 * job waits for. The caller throws a DelayedError next.
 */
export async function putOff(
  job: Job,
  token: string,
  why: { readonly code: string; readonly message: string },
  untilMs: number,
): Promise<void> {
  const until = Math.ceil(untilMs);
  await job.updateProgress({ waiting_for: why.code, message: why.message, until } satisfies JobWait);
  await job.moveToDelayed(until, token);
}
