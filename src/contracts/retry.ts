import { z } from 'zod';

/**
 * How a step is repeated, as it travels in job data. `max_attempts` counts the first call, as BullMQ's
 * `attempts` does; the delay formula is in resilience/backoff.ts.
 */
export const RetryPolicy = z
  .strictObject({
    max_attempts: z.int().min(1).max(100).default(3),
    base_delay_ms: z.int().min(0).max(2_147_483_647).default(1000),
    factor: z.number().min(1).default(2),
    max_delay_ms: z.int().min(0).max(2_147_483_647).default(60_000),
    jitter: z.number().min(0).max(1).default(0.5),
  })
  .meta({ id: 'RetryPolicy' });
export type RetryPolicy = z.infer<typeof RetryPolicy>;
