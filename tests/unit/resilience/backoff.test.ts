import * as fc from 'fast-check';
import { RetryPolicy as RetryPolicyWire } from '../../../src/contracts/retry.ts';
import { describe, expect, test } from 'vitest';
import {
  computeDelay,
  DEFAULT_RETRY_POLICY,
  RetryPolicy,
  fromWire,
} from '../../../src/resilience/backoff.ts';

const policies = fc.record({
  baseDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  maxDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const attempts = fc.integer({ min: 1, max: 1000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('computeDelay', () => {
  test('[P13.4] doubles from one second to the cap of a minute by default', () => {
    const exact = { ...DEFAULT_RETRY_POLICY, jitter: 0 };
    expect([1, 2, 3, 4, 7, 8].map((attempt) => computeDelay(exact, attempt))).toEqual([
      1000, 2000, 4000, 8000, 60_000, 60_000,
    ]);
  });

  test('jitter takes from the delay and never adds to it', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, jitter: 0.5 };
    expect(computeDelay(policy, 3, () => 0)).toBe(2000);
    expect(computeDelay(policy, 3, () => 0.5)).toBe(3000);
    expect(computeDelay(policy, 3, () => 0.999_999)).toBe(4000);
    expect(computeDelay({ ...policy, jitter: 1 }, 3, () => 0)).toBe(0);
  });

  test('a longer retryAfterMs replaces the delay, a shorter one does not', () => {
    const exact = { ...DEFAULT_RETRY_POLICY, jitter: 0 };
    expect(computeDelay(exact, 1, Math.random, 90_000)).toBe(90_000);
    expect(computeDelay(exact, 1, Math.random, 10)).toBe(1000);
  });

  test('the cap holds after jitter and the delay stays in its bounds', () => {
    fc.assert(
      fc.property(policies, attempts, chance, (policy, attempt, random) => {
        const delay = computeDelay(policy, attempt, () => random);
        const grown = policy.baseDelayMs === 0 ? 0 : policy.baseDelayMs * policy.factor ** (attempt - 1);
        const longest = Math.min(grown, policy.maxDelayMs);
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeLessThanOrEqual(policy.maxDelayMs);
        expect(delay).toBeLessThanOrEqual(Math.round(longest));
        expect(delay).toBeGreaterThanOrEqual(Math.floor(longest * (1 - policy.jitter)));
      }),
    );
  });

  test('without jitter a later attempt never waits less', () => {
    fc.assert(
      fc.property(policies, attempts, (policy, attempt) => {
        const exact = { ...policy, jitter: 0 };
        expect(computeDelay(exact, attempt + 1)).toBeGreaterThanOrEqual(computeDelay(exact, attempt));
      }),
    );
  });
});

describe('RetryPolicy', () => {
  test('the wire form has the same defaults and ranges', () => {
    expect(fromWire(RetryPolicyWire.parse({}))).toEqual(DEFAULT_RETRY_POLICY);
    expect(fromWire({ max_attempts: 5, base_delay_ms: 1, max_delay_ms: 2, factor: 3, jitter: 0 })).toEqual(
      RetryPolicy.parse({ maxAttempts: 5, baseDelayMs: 1, maxDelayMs: 2, factor: 3, jitter: 0 }),
    );
  });

  test('attempts count the first call, so there is at least one', () => {
    expect(RetryPolicy.safeParse({ maxAttempts: 0 }).success).toBe(false);
  });

  test('unknown fields are refused', () => {
    expect(RetryPolicyWire.safeParse({ maxAttempts: 2 }).success).toBe(false);
  });
});
