import type { Job } from 'bullmq';
import { JobWait } from '../src/contracts/why.ts';

/**
 * Put an active job off without spending an attempt, and leave with it why: nothing else would say what a delayed
 * job waits for. The caller throws a DelayedError next.
 *
 * @param why.isUnused  nothing of it was done since it was taken; default: something may have been
 */
export async function putOff(
  job: Job,
  token: string,
  why: { readonly code: string; readonly message: string; readonly isUnused?: boolean },
  untilMs: number,
): Promise<void> {
  const until = Math.ceil(untilMs);
  const unused = unusedStarts(job) + (why.isUnused === true ? 1 : 0);
  await job.updateProgress({
    waiting_for: why.code,
    message: why.message,
    until,
    ...(unused === 0 ? {} : { unused }),
  } satisfies JobWait);
  await job.moveToDelayed(until, token);
}

/** How often a job was taken and put off before anything of it was done. */
export function unusedStarts(job: Pick<Job, 'progress'>): number {
  return JobWait.safeParse(job.progress).data?.unused ?? 0;
}
