import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideRestart,
  NO_RESTARTS,
  noteAttempt,
  noteFailedRestart,
  noteFailure,
  noteRestarted,
  pauseMs,
  RestartPolicy,
  type RestartHistory,
} from '../../../src/coordination/supervision/restart-policy.ts';

const DEFAULTS = RestartPolicy.parse({});

/** An agent that fails every time it is looked at, and whose restarts end as told. Returns when they were made. */
function storm(
  policy: RestartPolicy,
  { forMs, everyMs, succeeds }: { forMs: number; everyMs: number; succeeds: (attempt: number) => boolean },
): { attempts: number[]; denials: { at: number; untilMs: number }[]; history: RestartHistory } {
  let history: RestartHistory = NO_RESTARTS;
  const attempts: number[] = [];
  const denials: { at: number; untilMs: number }[] = [];
  for (let now = 0; now <= forMs; now += everyMs) {
    history = noteFailure(policy, history, now);
    const decision = decideRestart(policy, history, now);
    if (decision.kind === 'denied') denials.push({ at: now, untilMs: decision.untilMs });
    if (decision.kind !== 'now') continue;
    history = noteAttempt(policy, history, now);
    history = succeeds(attempts.length) ? noteRestarted(history) : noteFailedRestart(policy, history, now);
    attempts.push(now);
  }
  return { attempts, denials, history };
}

test('the defaults are those of the specification', () => {
  expect(DEFAULTS).toEqual({
    baseDelayMs: 5000,
    factor: 2,
    maxDelayMs: 60_000,
    maxAttempts: 5,
    windowMs: 60_000,
    circuitFailures: 3,
    circuitResetMs: 300_000,
  });
  expect(() => RestartPolicy.parse({ baseDelayMs: 10, maxDelayMs: 5 })).toThrow(/maxDelayMs/);
});

test('an agent that fails again and again is restarted at once, then after 5, 10, 20, 40 and 60 seconds', () => {
  const { attempts } = storm(DEFAULTS, { forMs: 260_000, everyMs: 1000, succeeds: () => true });
  expect(attempts.map((at, n) => (n === 0 ? 0 : at - attempts[n - 1]!))).toEqual([
    0, 5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000,
  ]);
});

test('after three failed restarts there is none for five minutes, then the count begins anew', () => {
  const { attempts, denials } = storm(DEFAULTS, { forMs: 700_000, everyMs: 1000, succeeds: () => false });
  expect(attempts.slice(0, 4)).toEqual([0, 5000, 15_000, 315_000]);
  expect(denials[0]).toEqual({ at: 16_000, untilMs: 315_000 });
});

test('a restart that succeeds ends a row of failed ones', () => {
  const { attempts, denials } = storm(DEFAULTS, {
    forMs: 300_000,
    everyMs: 1000,
    succeeds: (attempt) => attempt % 3 === 2,
  });
  expect(denials).toEqual([]);
  expect(attempts.length).toBeGreaterThan(6);
});

describe('the pause', () => {
  const failed = noteFailedRestart(DEFAULTS, noteAttempt(DEFAULTS, NO_RESTARTS, 0), 0);
  const twice = noteFailedRestart(DEFAULTS, noteAttempt(DEFAULTS, failed, 5000), 5000);

  test('stays long while the agent fails within every window', () => {
    const worked = noteRestarted(noteAttempt(DEFAULTS, twice, 20_000));
    const again = noteFailure(DEFAULTS, worked, 64_999);
    expect(decideRestart(DEFAULTS, noteAttempt(DEFAULTS, again, 64_999), 65_000)).toMatchObject({
      kind: 'wait',
      untilMs: 64_999 + 40_000,
    });
  });

  test('is the shortest again after a whole window without failure', () => {
    const worked = noteRestarted(noteAttempt(DEFAULTS, twice, 20_000));
    const again = noteFailure(DEFAULTS, worked, 65_000);
    expect(decideRestart(DEFAULTS, again, 65_000)).toEqual({ kind: 'now' });
    expect(decideRestart(DEFAULTS, noteAttempt(DEFAULTS, again, 65_000), 65_001)).toMatchObject({
      untilMs: 70_000,
      reason: 'backoff',
    });
  });
});

const anyPolicy = fc
  .record({
    baseDelayMs: fc.integer({ min: 0, max: 2000 }),
    factor: fc.double({ min: 1, max: 4, noNaN: true }),
    more: fc.integer({ min: 0, max: 5000 }),
    maxAttempts: fc.integer({ min: 1, max: 6 }),
    windowMs: fc.integer({ min: 1, max: 5000 }),
    circuitFailures: fc.integer({ min: 1, max: 4 }),
    circuitResetMs: fc.integer({ min: 1, max: 20_000 }),
  })
  .map(({ more, ...policy }) => RestartPolicy.parse({ ...policy, maxDelayMs: policy.baseDelayMs + more }));
const anyStorm = fc.record({
  forMs: fc.constant(60_000),
  everyMs: fc.integer({ min: 37, max: 700 }),
  outcomes: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
});

test('within no window are there more attempts than allowed', () => {
  fc.assert(
    fc.property(anyPolicy, anyStorm, (policy, { outcomes, ...storming }) => {
      const succeeds = (attempt: number): boolean => outcomes[attempt % outcomes.length]!;
      const { attempts } = storm(policy, { ...storming, succeeds });
      for (const from of attempts) {
        const within = attempts.filter((at) => at >= from && at < from + policy.windowMs);
        expect(within.length).toBeLessThanOrEqual(policy.maxAttempts);
      }
    }),
    { numRuns: 150 },
  );
});

test('pauses never shrink and never exceed their limit', () => {
  fc.assert(
    fc.property(anyPolicy, fc.integer({ min: 1, max: 5000 }), (policy, streak) => {
      const pause = pauseMs(policy, streak);
      expect(pause).toBeLessThanOrEqual(policy.maxDelayMs);
      expect(pauseMs(policy, streak + 1)).toBeGreaterThanOrEqual(pause);
      expect(pauseMs(policy, 1)).toBe(policy.baseDelayMs);
    }),
    { numRuns: 300 },
  );
});

test('the circuit never stays open for ever: an attempt follows each denial, however often somebody asks', () => {
  fc.assert(
    fc.property(anyPolicy, anyStorm, (policy, storming) => {
      const { attempts, denials, history } = storm(policy, { ...storming, succeeds: () => false });
      for (const { at, untilMs } of denials) {
        expect(untilMs - at).toBeLessThanOrEqual(policy.circuitResetMs);
        const longestMs = policy.circuitResetMs + policy.maxDelayMs + policy.windowMs + storming.everyMs;
        if (at + longestMs < storming.forMs) expect(attempts.some((next) => next > at)).toBe(true);
      }
      const late = storming.forMs + policy.circuitResetMs + policy.maxDelayMs + policy.windowMs;
      expect(decideRestart(policy, history, late)).toEqual({ kind: 'now' });
    }),
    { numRuns: 150 },
  );
});
