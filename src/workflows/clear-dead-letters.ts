import { toFleetError } from '../kernel/errors.ts';
import type { RunFacts } from '../primitives/durable/read-run.ts';
import { stepJobId } from './compile.ts';
import type { DeadLetterContext } from './dead-letters.ts';

/** A failed job may be of an earlier generation than its run when the run was relaunched meanwhile. */
const GENERATIONS = 3;

/**
 * Take the exhausted jobs of a run that was resumed out of the failed sets: its steps were added again under fresh
 * ids, so nothing is left to replay. One that stays, because something fails here, can be discarded.
 *
 * @param facts  of the run as it was before it was resumed
 */
export async function clearDeadLetters(ctx: DeadLetterContext, { run, errors }: RunFacts): Promise<void> {
  for (const path of Object.keys(errors)) {
    for (let age = 0; age < GENERATIONS && age <= run.generation; age++) {
      await removeFailed(ctx, stepJobId(run.run_id, path, run.generation - age));
    }
  }
}

async function removeFailed(ctx: DeadLetterContext, jobId: string): Promise<void> {
  for (const queue of ctx.deadLetterQueues.values()) {
    try {
      const job = await queue.getJob(jobId);
      if (job !== undefined && (await job.isFailed())) await job.remove();
    } catch (error) {
      ctx.log.debug({ job_id: jobId, reason: toFleetError(error).message }, 'a dead letter stays');
    }
  }
}
