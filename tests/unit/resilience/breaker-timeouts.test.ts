import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import type { CallOutcome } from '../../../src/resilience/breaker.ts';
import { createBreakers } from '../../../src/resilience/breakers.ts';

function setup() {
  const outcomes: CallOutcome[] = [];
  const breakers = createBreakers({
    clock: { now: () => 0 },
    onCall: ({ outcome }) => outcomes.push(outcome),
  });
  return { breaker: breakers.get('provider.test'), outcomes };
}

describe('timeouts and aborts', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('a call that takes too long fails with the error of the caller, and its signal aborts with it', async () => {
    const { breaker, outcomes } = setup();
    let seen: AbortSignal | undefined;
    const timeoutError = () => new FleetError({ code: 'step_timeout', kind: 'timeout', message: 'too long' });
    const result = breaker.execute(
      (signal) => {
        seen = signal;
        return deferred().promise;
      },
      { timeoutMs: 50, timeoutError },
    );
    const settled = expect(result).rejects.toMatchObject({ code: 'step_timeout' });
    await vi.advanceTimersByTimeAsync(49);
    expect(seen?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    expect(seen?.reason).toMatchObject({ code: 'step_timeout' });
    expect(outcomes).toEqual(['timeout']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('timeouts count as failures, and each call has its own limit', async () => {
    const { breaker } = setup();
    const results = [10, 20, 30, 40, 1000].map((timeoutMs) =>
      breaker.execute(() => deferred().promise, { timeoutMs }),
    );
    const settled = Promise.allSettled(results);
    await vi.advanceTimersByTimeAsync(40);
    expect(breaker.snapshot().failures).toBe(4);
    expect(breaker.state()).toBe('closed');
    await vi.advanceTimersByTimeAsync(960);
    for (const result of await settled)
      expect(result).toMatchObject({ reason: { code: 'call_timeout', kind: 'timeout' } });
    expect(breaker.state()).toBe('open');
  });

  test('[C6] no call takes longer than its circuit allows, whatever its caller says', async () => {
    const breaker = createBreakers().get('provider.short', { call_timeout_ms: 20 });
    const timeoutError = () => new FleetError({ code: 'step_timeout', kind: 'timeout', message: 'too long' });
    const hang = () => deferred().promise;
    const settled = Promise.allSettled([
      breaker.execute(hang),
      breaker.execute(hang, { timeoutMs: 1000, timeoutError }),
      breaker.execute(hang, { timeoutMs: 10, timeoutError }),
    ]);
    await vi.advanceTimersByTimeAsync(20);
    const codes = (await settled).map((result) => (result as PromiseRejectedResult).reason.code);
    expect(codes).toEqual(['call_timeout', 'call_timeout', 'step_timeout']);
  });

  test('a timeout that the other side is not to blame for counts neither way', async () => {
    const { breaker, outcomes } = setup();
    const calls = Array.from({ length: 6 }, () =>
      breaker.execute(() => deferred().promise, { timeoutMs: 10, blamesTimeout: false }),
    );
    const settled = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(10);
    for (const result of await settled) expect(result).toMatchObject({ reason: { code: 'call_timeout' } });
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failures: 0 });
    expect(outcomes).toEqual(Array.from({ length: 6 }, () => 'ignored'));
  });

  test('a late rejection of a call that timed out disturbs nobody', async () => {
    const { breaker } = setup();
    const gate = deferred();
    const result = breaker.execute(() => gate.promise, { timeoutMs: 10 });
    const settled = expect(result).rejects.toMatchObject({ code: 'call_timeout' });
    await vi.advanceTimersByTimeAsync(10);
    await settled;
    gate.reject(new Error('late'));
    await vi.advanceTimersByTimeAsync(0);
    expect(breaker.snapshot().failures).toBe(1);
  });

  test('an abort of the caller ends the call at once and counts as neither', async () => {
    const { breaker, outcomes } = setup();
    const caller = new AbortController();
    let seen: AbortSignal | undefined;
    const result = breaker.execute(
      (signal) => {
        seen = signal;
        return deferred().promise;
      },
      { timeoutMs: 1000, signal: caller.signal },
    );
    const reason = new Error('player left');
    caller.abort(reason);
    await expect(result).rejects.toBe(reason);
    expect(seen?.reason).toBe(reason);
    expect(outcomes).toEqual(['ignored']);
    expect(breaker.snapshot().failures).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    await expect(breaker.execute(async () => 'never', { timeoutMs: 1, signal: caller.signal })).rejects.toBe(
      reason,
    );
  });

  test('the engine lets no timer of its own half-open the circuit', async () => {
    const { breaker } = setup();
    await breaker.forceOpen();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(breaker.state()).toBe('open');
    await expect(breaker.execute(async () => 'never', { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'circuit_open',
    });
  });
});
