import { describe, expect, test, vi } from 'vitest';
import { deferred, type Deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import type { Breaker, BreakerHooks, CallOutcome } from '../../../src/resilience/breaker.ts';
import { isDegraded } from '../../../src/resilience/degraded.ts';
import { createBreakers } from '../../../src/resilience/breakers.ts';

const HOUR = 3_600_000;
const call = { timeoutMs: HOUR };

function setup(hooks: BreakerHooks = {}, config = {}) {
  let now = 1_000_000;
  const transitions: string[] = [];
  const outcomes: CallOutcome[] = [];
  const breakers = createBreakers({
    config,
    clock: { now: () => now },
    onTransition: ({ from, to }) => transitions.push(`${from}>${to}`),
    onCall: ({ outcome }) => outcomes.push(outcome),
    ...hooks,
  });
  const breaker = breakers.get('provider.test');
  return { breakers, breaker, transitions, outcomes, pass: (ms: number) => (now += ms) };
}

const succeed = (breaker: Breaker) => breaker.execute(async () => 'fine', call);
async function fail(breaker: Breaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    await expect(breaker.execute(() => Promise.reject(new Error('down')), call)).rejects.toThrow('down');
  }
}

/** Starts calls that stay in flight until told otherwise. */
function start(breaker: Breaker, count: number): { gates: Deferred<void>[]; results: Promise<unknown>[] } {
  const gates: Deferred<void>[] = [];
  const results = Array.from({ length: count }, () => {
    return breaker.execute(() => {
      const gate = deferred();
      gates.push(gate);
      return gate.promise;
    }, call);
  });
  for (const result of results) result.catch(() => undefined);
  return { gates, results };
}

describe('closed', () => {
  test('five failures in a row open the circuit, and the next call is refused without being made', async () => {
    const { breaker, transitions, outcomes } = setup();
    await fail(breaker, 5);
    expect(breaker.state()).toBe('open');
    const fn = vi.fn(async () => 'never');
    await expect(breaker.execute(fn, call)).rejects.toMatchObject({
      name: 'CircuitOpenError',
      code: 'circuit_open',
      kind: 'unavailable',
      retryable: true,
      retryAfterMs: 60_000,
      details: { name: 'provider.test', state: 'open', reason: 'circuit_breaker_open' },
    });
    expect(fn).not.toHaveBeenCalled();
    expect(transitions).toEqual(['closed>open']);
    expect(outcomes).toEqual(['failure', 'failure', 'failure', 'failure', 'failure', 'rejected']);
  });

  test('four failures, one success and four failures leave it closed', async () => {
    const { breaker } = setup();
    await fail(breaker, 4);
    await succeed(breaker);
    await fail(breaker, 4);
    expect(breaker.state()).toBe('closed');
  });

  test('many failures among successes leave it closed: it is no percentage', async () => {
    const { breaker } = setup();
    for (let i = 0; i < 20; i++) {
      await fail(breaker, 4);
      await succeed(breaker);
    }
    expect(breaker.state()).toBe('closed');
    expect(breaker.snapshot().statistics).toMatchObject({ fires: 100, failures: 80, successes: 20 });
  });

  test.each(['invalid_input', 'not_found', 'forbidden', 'unauthenticated', 'conflict', 'cancelled'] as const)(
    'an error of the kind %s counts as neither',
    async (kind) => {
      const { breaker, outcomes } = setup();
      await fail(breaker, 4);
      const error = new FleetError({ code: 'x', kind, message: 'not the fault of the other side' });
      for (let i = 0; i < 3; i++)
        await expect(breaker.execute(() => Promise.reject(error), call)).rejects.toBe(error);
      expect(breaker.state()).toBe('closed');
      expect(outcomes.slice(4)).toEqual(['ignored', 'ignored', 'ignored']);
      await fail(breaker);
      expect(breaker.state()).toBe('open');
    },
  );

  test('what counts as a failure can be decided by the caller', async () => {
    const { breaker } = setup({ isFailure: () => false });
    await fail(breaker, 10);
    expect(breaker.state()).toBe('closed');
  });
});

describe('half open', () => {
  test('of ten calls at once three are made and seven refused, and two successes close the circuit', async () => {
    const { breaker, transitions, pass } = setup();
    await fail(breaker, 5);
    pass(60_000);
    expect(breaker.isCallPermitted()).toBe(true);
    expect(breaker.state()).toBe('open');
    const { gates, results } = start(breaker, 10);
    const refused = await Promise.allSettled(results.slice(3));
    expect(gates).toHaveLength(3);
    for (const result of refused) {
      expect(result).toMatchObject({
        reason: { code: 'circuit_open', details: { reason: 'half_open_max_calls_reached' } },
      });
    }
    gates[0]!.resolve();
    await results[0];
    expect(breaker.state()).toBe('half_open');
    gates[1]!.resolve();
    await results[1];
    expect(breaker.state()).toBe('closed');
    expect(transitions).toEqual(['closed>open', 'open>half_open', 'half_open>closed']);

    gates[2]!.reject(new Error('late'));
    await expect(results[2]).rejects.toThrow('late');
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', failures: 0 });
  });

  test('a failed trial call opens it again for a whole period', async () => {
    const { breaker, pass } = setup();
    await fail(breaker, 5);
    pass(60_000);
    await fail(breaker);
    expect(breaker.state()).toBe('open');
    pass(59_999);
    await expect(succeed(breaker)).rejects.toMatchObject({ retryAfterMs: 1 });
    pass(1);
    await succeed(breaker);
    expect(breaker.state()).toBe('half_open');
  });

  test('a trial call that ends in an input error gives its slot back', async () => {
    const { breaker, pass } = setup();
    await fail(breaker, 5);
    pass(60_000);
    const error = new FleetError({ code: 'x', kind: 'invalid_input', message: 'wrong input' });
    for (let i = 0; i < 5; i++)
      await expect(breaker.execute(() => Promise.reject(error), call)).rejects.toBe(error);
    expect(breaker.state()).toBe('half_open');
    expect(breaker.isCallPermitted()).toBe(true);
  });

  test('results of calls from before the circuit opened change nothing', async () => {
    const { breaker, pass } = setup();
    const early = start(breaker, 3);
    await fail(breaker, 5);
    early.gates[0]!.resolve();
    await early.results[0];
    expect(breaker.state()).toBe('open');
    pass(60_000);
    await succeed(breaker);
    early.gates[1]!.resolve();
    await early.results[1];
    expect(breaker.state()).toBe('half_open');
    early.gates[2]!.reject(new Error('old news'));
    await expect(early.results[2]).rejects.toThrow('old news');
    expect(breaker.state()).toBe('half_open');
  });
});

describe('fallbacks', () => {
  test('[C6] answer for refused and failed calls, marked, and are told of once per outage', async () => {
    const changes: string[] = [];
    const { breaker } = setup({ onDegradedChange: ({ isDegraded: is }) => changes.push(String(is)) });
    const fallback = (error: unknown) => `instead: ${(error as Error).message}`;
    for (let i = 0; i < 5; i++) {
      expect(await breaker.execute(() => Promise.reject(new Error('down')), { ...call, fallback })).toEqual({
        degraded: true,
        value: 'instead: down',
        circuit: 'provider.test',
        reason: 'call_failed',
      });
    }
    const refused = await breaker.execute(async () => 'never', { ...call, fallback, correlationId: 'c-1' });
    expect(isDegraded(refused) && refused.reason).toBe('circuit_breaker_open');
    expect(breaker.snapshot().isDegraded).toBe(true);
    await breaker.reset();
    const fine = await breaker.execute(async () => 'fine', { ...call, fallback });
    expect([fine, isDegraded(fine), isDegraded({ degraded: true })]).toEqual(['fine', false, false]);
    expect(changes).toEqual(['true', 'false']);
  });

  test('do not answer for wrong input', async () => {
    const { breaker } = setup();
    const error = new FleetError({ code: 'x', kind: 'invalid_input', message: 'wrong input' });
    const fallback = () => 'never';
    await expect(breaker.execute(() => Promise.reject(error), { ...call, fallback })).rejects.toBe(error);
    expect(breaker.snapshot().isDegraded).toBe(false);
  });
});

describe('operators', () => {
  test('reset closes and forgets, forceOpen opens for one period', async () => {
    const { breaker, pass } = setup();
    await breaker.forceOpen();
    expect(breaker.isCallPermitted()).toBe(false);
    await expect(succeed(breaker)).rejects.toMatchObject({ retryAfterMs: 60_000 });
    pass(30_000);
    await breaker.forceOpen();
    await expect(succeed(breaker)).rejects.toMatchObject({ retryAfterMs: 60_000 });
    await breaker.reset();
    expect(await succeed(breaker)).toBe('fine');
    await fail(breaker, 4);
    await breaker.reset();
    await fail(breaker, 4);
    expect(breaker.state()).toBe('closed');
  });

  test('a disabled breaker lets everything through and still reports calls', async () => {
    const { breaker, outcomes } = setup({}, { enabled: false });
    await fail(breaker, 10);
    await breaker.forceOpen();
    expect(await succeed(breaker)).toBe('fine');
    expect(outcomes).toEqual([...Array<string>(10).fill('failure'), 'success']);
  });

  test('a circuit that does not recover in time is reported once per outage', async () => {
    const overdue: number[] = [];
    const { breaker, pass } = setup({ onRecoveryOverdue: ({ openForMs }) => overdue.push(openForMs) });
    await fail(breaker, 5);
    for (let i = 0; i < 6; i++) {
      pass(60_000);
      await fail(breaker);
    }
    expect(overdue).toEqual([300_000]);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', isRecoveryOverdue: true, mode: 'local' });
    await breaker.reset();
    expect(breaker.snapshot()).toMatchObject({ isRecoveryOverdue: false, retryAfterMs: null });
  });

  test('[C6] settings of an operator go over those of the code, which may still repeat its own', () => {
    const breakers = createBreakers({
      config: { failure_threshold: 7 },
      circuits: { 'tool.strict': { failure_threshold: 2 } },
    });
    const strict = breakers.get('tool.strict', { failure_threshold: 4, timeout_seconds: 5 });
    expect(strict.config).toMatchObject({ failure_threshold: 2, timeout_seconds: 5 });
    expect(breakers.get('tool.strict', { failure_threshold: 4, timeout_seconds: 5 })).toBe(strict);
    expect(breakers.get('tool.other').config.failure_threshold).toBe(7);
    const wrong = { 'tool.strict': { success_threshold: 9 } };
    expect(() => createBreakers({ circuits: wrong })).toThrow(/"tool.strict" are wrong: success_threshold/);
  });

  test('a circuit that is removed begins anew', async () => {
    const { breakers, breaker } = setup();
    await fail(breaker, 5);
    expect(await breakers.remove('provider.test')).toBe(true);
    expect(await breakers.remove('provider.test')).toBe(false);
    await expect(succeed(breaker)).rejects.toMatchObject({ code: 'circuit_stopped' });
    expect(await succeed(breakers.get('provider.test'))).toBe('fine');
  });

  test('circuits are told apart by name and keep their own settings', async () => {
    const { breakers, breaker } = setup();
    const strict = breakers.get('tool.strict', { failure_threshold: 1 });
    await fail(strict);
    expect([strict.state(), breaker.state()]).toEqual(['open', 'closed']);
    expect(breakers.get('tool.strict')).toBe(strict);
    expect(breakers.get('tool.strict', { failure_threshold: 1 })).toBe(strict);
    expect(() => breakers.get('tool.strict', { failure_threshold: 2 })).toThrow(
      expect.objectContaining({
        code: 'circuit_config_conflict',
        details: { name: 'tool.strict', different: ['failure_threshold'] },
      }),
    );
    expect(breakers.list().map(({ name }) => name)).toEqual(['provider.test', 'tool.strict']);
  });

  test('wrong names and settings are refused with every reason', () => {
    const { breakers } = setup();
    expect(() => breakers.get('a b')).toThrow(expect.objectContaining({ code: 'circuit_config_invalid' }));
    expect(() => breakers.get('x', { success_threshold: 5, timeout_seconds: 500 })).toThrow(
      /success_threshold: must not exceed half_open_max_calls; recovery_timeout_seconds: must not be less/,
    );
    expect(() => createBreakers({ config: { failure_threshold: 0 } })).toThrow(/failure_threshold/);
  });

  test('after stop new calls are refused and calls in flight finish', async () => {
    const { breakers, breaker } = setup();
    const { gates, results } = start(breaker, 1);
    await breakers.stop();
    await breakers.stop();
    await expect(succeed(breaker)).rejects.toMatchObject({ code: 'circuit_stopped', kind: 'unavailable' });
    gates[0]!.resolve();
    await expect(results[0]).resolves.toBeUndefined();
  });
});
