import type { Processor } from 'bullmq';

/**
 * A job whose run is gone (deleted with its session, or expired) fails, and is not kept: nobody can make anything of it,
 * and it would go on naming what was deleted.
 */
export function withoutOrphans(processor: Processor): Processor {
  return async (job, token, signal) => {
    try {
      return await processor(job, token, signal);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('run_not_found')) job.opts.removeOnFail = true;
      throw error;
    }
  };
}
