import { z } from 'zod';

/**
 * A piece of a text while a step writes it. `seq` counts from 0 for each attempt; a piece with `reset` begins the text
 * of its step anew, and what was read of it before is void; the one with `final` ends it, once.
 */
export const RunToken = z
  .strictObject({
    id: z.string(),
    run_id: z.string(),
    step: z.string(),
    /** How often the step has been started, this time included. */
    attempt: z.int(),
    seq: z.int(),
    text: z.string(),
    reset: z.literal(true).optional(),
    final: z.literal(true).optional(),
    /** What was read of it before was withdrawn, because it may not be told; comes with `reset`. */
    blocked: z.literal(true).optional(),
  })
  .meta({ id: 'RunToken' });
export type RunToken = z.infer<typeof RunToken>;
