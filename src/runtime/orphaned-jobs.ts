import type { Processor } from 'bullmq';
import { z } from 'zod';
import type { RedisStore } from '../redis/store.ts';
import { isThere } from '../sessions/forgetting.ts';

/** Where jobs of runs name the session: run jobs themselves, step jobs in `step`. */
const OfSession = z.union([
  z.object({ session_id: z.string() }),
  z.object({ step: z.object({ session_id: z.string() }) }).transform(({ step }) => step),
]);

/**
 * A job of a run that is gone together with its session fails, and is not kept: nobody can make anything of it, and it
 * would go on naming what was deleted. As long as the session is there, and where none is named, it is a dead letter.
 */
export function withoutOrphans(store: RedisStore, processor: Processor): Processor {
  return async (job, token, signal) => {
    try {
      return await processor(job, token, signal);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('run_not_found')) {
        const of = OfSession.safeParse(job.data);
        // Who cannot tell keeps it.
        const isKept = !of.success || (await isThere(store, of.data.session_id).catch(() => true));
        if (!isKept) job.opts.removeOnFail = true;
      }
      throw error;
    }
  };
}
