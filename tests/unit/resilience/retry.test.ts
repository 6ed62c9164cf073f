import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FleetError } from '../../../src/kernel/errors.ts';
import { retry } from '../../../src/resilience/retry.ts';

const quick = { baseDelayMs: 0 };

describe('retry', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** Lets all waits pass at once. */
  async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
    const [result] = await Promise.all([Promise.allSettled([work]), vi.runAllTimersAsync()]);
    return result[0];
  }

  test('[C8] the first success ends it', async () => {
    const fn = vi.fn(async (attempt: number) => {
      if (attempt < 3) throw new Error('down');
      return `on ${attempt}`;
    });
    expect(await settled(retry(fn, quick))).toMatchObject({ value: 'on 3' });
    expect(fn).toHaveBeenCalledTimes(3);
  });

  test('[C8] the final error carries the number of calls and the last error', async () => {
    const last = new FleetError({ code: 'channel_timeout', kind: 'timeout', message: 'too slow' });
    const fn = vi.fn(() => Promise.reject(last));
    expect(await settled(retry(fn, { ...quick, maxAttempts: 4 }))).toMatchObject({
      reason: {
        name: 'RetryFailedError',
        attempts: 4,
        cause: last,
        code: 'channel_timeout',
        kind: 'timeout',
      },
    });
    expect(fn).toHaveBeenCalledTimes(4);
    const foreign = new Error('odd');
    expect(await settled(retry(() => Promise.reject(foreign), { ...quick, maxAttempts: 1 }))).toMatchObject({
      reason: { attempts: 1, cause: foreign, code: 'retry_failed' },
    });
  });

  test('what cannot be helped is tried once', async () => {
    const wrong = new FleetError({ code: 'x', kind: 'invalid_input', message: 'wrong input' });
    expect(await settled(retry(() => Promise.reject(wrong), quick))).toMatchObject({
      reason: { attempts: 1 },
    });
    const down = () => Promise.reject(new Error('down'));
    const retryIf = (_: unknown, attempt: number) => attempt < 2;
    expect(await settled(retry(down, { ...quick, retryIf }))).toMatchObject({ reason: { attempts: 2 } });
  });

  test('it waits as the policy says, and longer when the error asks for it', async () => {
    const at: number[] = [];
    const startedAt = Date.now();
    vi.useFakeTimers();
    vi.setSystemTime(startedAt);
    const fn = (attempt: number) => {
      at.push(Date.now() - startedAt);
      const retryAfterMs = attempt === 2 ? 9000 : 0;
      return Promise.reject(
        new FleetError({ code: 'x', kind: 'unavailable', message: 'away', retryAfterMs }),
      );
    };
    await settled(retry(fn, { maxAttempts: 4, baseDelayMs: 1000, jitter: 0 }));
    expect(at).toEqual([0, 1000, 10_000, 14_000]);
  });

  test('an abort ends a wait at once, and no attempt is made afterwards', async () => {
    const caller = new AbortController();
    const fn = vi.fn(() => Promise.reject(new Error('down')));
    const work = retry(fn, { baseDelayMs: 60_000, signal: caller.signal });
    const ended = Promise.allSettled([work]);
    await vi.advanceTimersByTimeAsync(10);
    const reason = new Error('player left');
    caller.abort(reason);
    expect((await ended)[0]).toMatchObject({ reason });
    expect(fn).toHaveBeenCalledTimes(1);
    await expect(retry(fn, { signal: caller.signal })).rejects.toBe(reason);
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test('a policy that is out of range is refused before the first call', async () => {
    const fn = vi.fn(async () => 'never');
    await expect(retry(fn, { maxAttempts: 0 })).rejects.toThrow(/maxAttempts/);
    expect(fn).not.toHaveBeenCalled();
  });
});
