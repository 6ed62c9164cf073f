import { z } from 'zod';
import type { RetryPolicy as RetryPolicyWire } from '../contracts/retry.ts';

/** How often a call is tried and how long one waits in between. `maxAttempts` counts the first call. */
export const RetryPolicy = z.strictObject({
  maxAttempts: z.int().min(1).max(100).default(3),
  baseDelayMs: z.int().min(0).max(86_400_000).default(1000),
  factor: z.number().min(1).max(100).default(2),
  maxDelayMs: z.int().min(0).max(86_400_000).default(60_000),
  /** The share of the delay that is left to chance: 0 is exact, 1 is anything from 0 to the delay. */
  jitter: z.number().min(0).max(1).default(0.5),
});
export type RetryPolicy = z.output<typeof RetryPolicy>;

/** The policy of a piece of job data, in the names of code. */
export function fromWire(wire: RetryPolicyWire): RetryPolicy {
  return {
    maxAttempts: wire.max_attempts,
    baseDelayMs: wire.base_delay_ms,
    factor: wire.factor,
    maxDelayMs: wire.max_delay_ms,
    jitter: wire.jitter,
  };
}

/** What applies when nobody says otherwise. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = Object.freeze(RetryPolicy.parse({}));

/**
 * The wait in whole milliseconds after failed attempt `attempt` (1-based): `base * factor^(attempt-1)`, capped,
 * then uniform in the upper `jitter` share of it, so the cap holds after jitter. A longer `retryAfterMs` of the
 * error replaces it, even beyond the cap: the other side knows better.
 *
 * @param rng  uniform in [0, 1)
 * Source: docs/architecture.md, "Retries"
 */
export function computeDelay(
  policy: Pick<RetryPolicy, 'baseDelayMs' | 'factor' | 'maxDelayMs' | 'jitter'>,
  attempt: number,
  rng: () => number = Math.random,
  retryAfterMs?: number,
): number {
  const { baseDelayMs, factor, maxDelayMs, jitter } = policy;
  // A base of 0 is decided first: 0 times an infinite power would be no number.
  const grown = baseDelayMs === 0 ? 0 : baseDelayMs * factor ** (attempt - 1);
  const longest = Math.min(grown, maxDelayMs);
  const shortest = longest * (1 - jitter);
  const delay = Math.round(shortest + rng() * (longest - shortest));
  return Math.max(delay, Math.ceil(retryAfterMs ?? 0));
}
