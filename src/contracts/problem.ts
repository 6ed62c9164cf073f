import { z } from 'zod';

/** An HTTP refusal: RFC 9457 problem details plus `code` (UPPER_SNAKE). */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string(), code: z.string() })).optional(),
    run_id: z.string().optional(),
    retry_after_s: z.number().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
