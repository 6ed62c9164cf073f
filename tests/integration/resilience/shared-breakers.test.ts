import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { closeRedis, connectRedis, openOwnRedis, type RedisClient } from '../../../src/redis/connect.ts';
import type { Breaker, BreakerHooks } from '../../../src/resilience/breaker.ts';
import type { BreakerSettings } from '../../../src/resilience/breaker-config.ts';
import type { Breakers } from '../../../src/resilience/breakers.ts';
import { isDegraded } from '../../../src/resilience/degraded.ts';
import { CircuitStore } from '../../../src/resilience/shared/circuit-store.ts';
import { createSharedBreakers } from '../../../src/resilience/shared/shared-breakers.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';
import { tcpGate, type TcpGate } from '../../support/tcp-gate.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const NAME = 'provider.test';

/** One process of several that share circuits: its breakers, its connections, and what it was told. */
class Member implements AsyncDisposable {
  readonly redis: RedisClient;
  readonly subscriber: RedisClient;
  readonly breakers: Breakers;
  readonly told: string[] = [];
  readonly #waiting = new Set<() => void>();

  static async join(url: string, prefix: string, options: BreakerHooks & Options = {}): Promise<Member> {
    const redis = await connectRedis({ url, name: 'circuits', onOutage: 'fail_fast' });
    return new Member(
      redis,
      await connectRedis({ url, name: 'notices', onOutage: 'patient' }),
      prefix,
      options,
    );
  }

  constructor(
    redis: RedisClient,
    subscriber: RedisClient,
    prefix: string,
    options: BreakerHooks & Options = {},
  ) {
    const { config, answerLimitMs = 5000, ...hooks } = options;
    this.redis = redis;
    this.subscriber = subscriber;
    const tell = (what: string): void => {
      this.told.push(what);
      this.#waiting.forEach((wake) => wake());
    };
    this.breakers = createSharedBreakers({
      redis: this.redis,
      subscriber: this.subscriber,
      prefix,
      answerLimitMs,
      ...(config === undefined ? {} : { config }),
      onTransition: ({ from, to, isOwn }) => tell(`${isOwn ? 'own ' : ''}${from}>${to}`),
      onDegradedChange: ({ isDegraded: is, isOwn }) => tell(`${isOwn ? 'own ' : ''}degraded ${is}`),
      onRecoveryOverdue: () => tell('overdue'),
      onModeChange: ({ mode }) => tell(mode),
      ...hooks,
    });
  }

  get breaker(): Breaker {
    return this.breakers.get(NAME);
  }

  /** Waits until it was told. */
  async hears(what: string): Promise<void> {
    while (!this.told.includes(what)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.breakers.stop();
    await Promise.all([closeRedis(this.redis), closeRedis(this.subscriber)]);
  }
}
interface Options {
  readonly config?: BreakerSettings;
  readonly answerLimitMs?: number;
}

const join = (prefix: string, options?: BreakerHooks & Options): Promise<Member> =>
  Member.join(server.url, prefix, options);

const succeed = ({ breaker }: Member) => breaker.execute(async () => 'fine', { timeoutMs: 5000 });
async function fail({ breaker }: Member, times = 1): Promise<void> {
  const call = { timeoutMs: 5000 };
  for (let i = 0; i < times; i += 1)
    await expect(breaker.execute(() => Promise.reject(new Error('down')), call)).rejects.toThrow('down');
}

async function listing(member: Member, prefix: string) {
  return (await new CircuitStore({ redis: member.redis, prefix, by: 'test' }).find(NAME))!;
}

/** Commands that a client gives while `work` runs. */
async function commandsOf(client: RedisClient, work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(client, 'sendCommand');
  await work();
  const count = spy.mock.calls.length;
  spy.mockRestore();
  return count;
}

describe('a circuit that is well', () => {
  test('[C6] thousands of calls ask Redis only now and then', async () => {
    await using member = await join(testPrefix());
    await succeed(member);
    const startedAt = performance.now();
    const commands = await commandsOf(member.redis, async () => {
      for (let i = 0; i < 2000; i += 1) await succeed(member);
    });
    // A question when the last answer is a quarter of a second old, and the counts once a second.
    const quarters = (performance.now() - startedAt) / 250;
    expect(commands).toBeLessThanOrEqual(Math.ceil(quarters) + Math.ceil(quarters / 4) + 2);
  });

  test('calls at the same moment that find the answer too old ask once between them', async () => {
    await using member = await join(testPrefix());
    void member.breaker;
    const commands = await commandsOf(member.redis, () =>
      Promise.all(Array.from({ length: 100 }, () => succeed(member))),
    );
    expect(commands).toBeLessThanOrEqual(6);
  });

  test('[C6] a failure elsewhere makes its successes count again', async () => {
    const prefix = testPrefix();
    await using a = await join(prefix);
    await using b = await join(prefix);
    await succeed(b);
    await fail(a, 4);
    while (b.breaker.snapshot().failures === 0) await new Promise((resolve) => setImmediate(resolve));
    await succeed(b);
    expect((await listing(a, prefix)).failures).toBe(0);
    await fail(a, 4);
    expect((await listing(a, prefix)).state).toBe('closed');
  });
});

describe('what others brought about', () => {
  test('[C6] a transition is told to every process, and is the own one of exactly one', async () => {
    const prefix = testPrefix();
    await using a = await join(prefix);
    await using b = await join(prefix);
    await succeed(b);
    await fail(a, 5);
    await b.hears('closed>open');
    expect(b.breaker.isCallPermitted()).toBe(false);
    await b.breaker.reset();
    await a.hears('open>closed');
    expect(await succeed(a)).toBe('fine');
    expect([a.told, b.told]).toEqual([
      ['own closed>open', 'open>closed'],
      ['closed>open', 'own open>closed'],
    ]);
    const { transitions } = await listing(a, prefix);
    expect(transitions).toEqual({ 'closed>open': 1, 'open>closed': 1 });
  });

  test('[C6] a notice that is lost is made up for by the next question', async () => {
    const prefix = testPrefix();
    await using a = await join(prefix);
    await using deaf = await join(prefix);
    await succeed(deaf);
    deaf.subscriber.removeAllListeners('message');
    await a.breaker.forceOpen();
    // It may believe for a quarter of a second that nothing has changed.
    const attempt = (): Promise<unknown> => succeed(deaf).catch((error: unknown) => error);
    let refusal = await attempt();
    while (refusal === 'fine') refusal = await attempt();
    expect(refusal).toMatchObject({ code: 'circuit_open' });

    await a.breaker.reset();
    let answer: unknown;
    while (answer !== 'fine') {
      answer = await succeed(deaf).catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
    }
  });

  test('a circuit that is removed is forgotten by everybody, and begins anew', async () => {
    const prefix = testPrefix();
    await using a = await join(prefix);
    await using b = await join(prefix);
    await fail(a, 5);
    await expect(succeed(b)).rejects.toMatchObject({ code: 'circuit_open' });
    expect(await a.breakers.remove(NAME)).toBe(true);
    while (!b.breaker.isCallPermitted()) await new Promise((resolve) => setImmediate(resolve));
    expect(await succeed(b)).toBe('fine');
    expect(await succeed(a)).toBe('fine');
    expect(await a.redis.exists(`${prefix}:cb:state:${NAME}`)).toBe(1);
  });
});

describe('counts and marks', () => {
  test('[C6] calls of all processes are counted, those of a disabled circuit too', async () => {
    const prefix = testPrefix();
    const config = { enabled: false };
    {
      await using a = await join(prefix, { config });
      await using b = await join(prefix, { config });
      await fail(a, 6);
      await succeed(b);
      const wrong = new FleetError({ code: 'x', kind: 'invalid_input', message: 'wrong input' });
      await expect(b.breaker.execute(() => Promise.reject(wrong), { timeoutMs: 100 })).rejects.toBe(wrong);
    }
    await using c = await join(prefix, { config });
    const { state, calls } = await listing(c, prefix);
    expect(state).toBe('closed');
    expect(calls).toEqual({ success: 1, failure: 6, timeout: 0, rejected: 0, ignored: 1 });
  });

  test('[C6] fallbacks answer marked, and the circuit is told to be degraded once and well again once', async () => {
    const prefix = testPrefix();
    await using a = await join(prefix, { config: { failure_threshold: 2 } });
    await using b = await join(prefix, { config: { failure_threshold: 2 } });
    await succeed(b);
    const down = () => Promise.reject<string>(new Error('down'));
    const fallback = () => 'canned';
    const results = [];
    for (let i = 0; i < 4; i += 1) {
      const result = await a.breaker.execute(down, { fallback });
      results.push(isDegraded(result) ? result : null);
      await b.hears('degraded true');
    }
    expect(results.map((result) => result?.reason)).toEqual([
      'call_failed',
      'call_failed',
      'circuit_breaker_open',
      'circuit_breaker_open',
    ]);
    expect(results[0]).toEqual({ degraded: true, value: 'canned', circuit: NAME, reason: 'call_failed' });
    expect((await listing(a, prefix)).isDegraded).toBe(true);
    await b.breaker.reset();
    await a.hears('degraded false');
    for (const { told } of [a, b]) {
      expect(told.filter((what) => what.endsWith('degraded true'))).toHaveLength(1);
      expect(told.filter((what) => what.endsWith('degraded false'))).toHaveLength(1);
    }
    const bad = () => Promise.reject(new FleetError({ code: 'x', kind: 'invalid_input', message: 'bad' }));
    await expect(a.breaker.execute(bad, { fallback })).rejects.toMatchObject({ code: 'x' });
  });

  test('[C6] that a circuit does not recover in time is told once in the whole fleet', async () => {
    const prefix = testPrefix();
    const config = { timeout_seconds: 1, recovery_timeout_seconds: 1 };
    await using a = await join(prefix, { config });
    await using b = await join(prefix, { config });
    await fail(a, 5);
    for (const member of [a, b, a, b]) {
      const gone = (): Promise<unknown> => member.breaker.execute(() => Promise.reject(new Error('down')));
      for (;;) {
        const error = await gone().catch((reason: unknown) => reason);
        if (error instanceof Error && error.message === 'down') break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (a.told.includes('overdue') || b.told.includes('overdue')) break;
    }
    await fail(a).catch(() => undefined);
    expect([...a.told, ...b.told].filter((what) => what === 'overdue')).toHaveLength(1);
    expect((await listing(a, prefix)).isRecoveryOverdue).toBe(true);
  });
});

describe('while Redis is away', () => {
  async function gated(): Promise<{ gate: TcpGate; url: string }> {
    const { hostname, port } = new URL(server.url);
    const gate = await tcpGate({ host: hostname, port: Number(port) });
    return { gate, url: `redis://127.0.0.1:${gate.port}` };
  }

  test('[C6] each process goes on alone, and what Redis knows holds when it is back', async () => {
    const prefix = testPrefix();
    const { gate, url } = await gated();
    await using _ = gate;
    await using a = await Member.join(url, prefix);
    await using b = await join(prefix);
    await fail(a, 3);
    await gate.close();
    await fail(a, 2);
    expect(a.breaker.snapshot()).toMatchObject({ state: 'open', mode: 'local' });
    await expect(succeed(a)).rejects.toMatchObject({ code: 'circuit_open' });
    expect((await listing(b, prefix)).failures).toBe(3);
    // Others have found it well: only one failure is reported.
    await succeed(b);
    await gate.open();
    await a.hears('shared');
    expect(a.breaker.state()).toBe('closed');
    while ((await listing(b, prefix)).failures === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await listing(b, prefix)).toMatchObject({ state: 'closed', failures: 1 });
    expect(a.told).toEqual(['local', 'own closed>open', 'shared', 'open>closed']);
  });

  test('[C6] a Redis that is silent holds up one call for its limit, and the next ones not at all', async () => {
    const prefix = testPrefix();
    await using b = await join(prefix);
    await using a = await join(prefix, { answerLimitMs: 200 });
    await fail(b);
    while (a.breaker.snapshot().failures === 0) await new Promise((resolve) => setImmediate(resolve));
    // Every other client waits as well, and is answered afterwards.
    await b.redis.client('PAUSE', 1200, 'ALL');
    const startedAt = performance.now();
    expect(await succeed(a)).toBe('fine');
    const first = performance.now() - startedAt;
    expect(a.breaker.snapshot().mode).toBe('local');
    for (let i = 0; i < 50; i += 1) await succeed(a);
    const others = performance.now() - startedAt - first;
    expect(others).toBeLessThan(first);
    await fail(a, 5);
    expect(a.breaker.snapshot()).toMatchObject({ state: 'open', mode: 'local' });
    while (a.breaker.snapshot().mode === 'local') {
      await succeed(a).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(a.breaker.state()).toBe('closed');
  });

  test('a call that was admitted alone counts for nothing when Redis is back', async () => {
    const prefix = testPrefix();
    const { gate, url } = await gated();
    await using _ = gate;
    await using a = await Member.join(url, prefix);
    await succeed(a);
    await gate.close();
    await fail(a);
    const hanging = deferred<string>();
    const call = a.breaker.execute(() => hanging.promise, { timeoutMs: 30_000 });
    await gate.open();
    await a.hears('shared');
    hanging.reject(new Error('late'));
    await expect(call).rejects.toThrow('late');
    await succeed(a);
    expect(a.breaker.snapshot()).toMatchObject({ state: 'closed', failures: 0, mode: 'shared' });
  });

  test('clients that connect at their first use begin alone, and share when they are there', async () => {
    const prefix = testPrefix();
    await using b = await join(prefix);
    const [lazy, ears] = ['circuits', 'notices'].map((name) => openOwnRedis(server.url, name)) as [
      RedisClient,
      RedisClient,
    ];
    await using a = new Member(lazy, ears, prefix);
    expect(await succeed(a)).toBe('fine');
    while (a.breaker.snapshot().mode === 'local' || lazy.status !== 'ready') {
      await succeed(a);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    while (ears.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
    await succeed(a);
    await fail(b, 5);
    await a.hears('closed>open');
    await expect(succeed(a)).rejects.toMatchObject({ code: 'circuit_open' });
  });

  test('a Redis that has fallen silent keeps nobody who resets or stops', async () => {
    const { gate, url } = await gated();
    await using _ = gate;
    const [redis, ears] = ['circuits', 'notices'].map((name) => openOwnRedis(url, name)) as [
      RedisClient,
      RedisClient,
    ];
    await Promise.all([redis.connect(), ears.connect()]);
    const a = new Member(redis, ears, testPrefix());
    await succeed(a);
    gate.fallSilent();
    await expect(a.breaker.reset()).rejects.toMatchObject({ code: 'backend_unavailable' });
    let isStopped = false;
    const stopping = a.breakers.stop().then(() => (isStopped = true));
    await Promise.race([stopping, sleep(10_000, undefined, { ref: false })]);
    expect(isStopped).toBe(true);
    redis.disconnect();
    ears.disconnect();
  });

  test('reset and forceOpen say that nobody could be told', async () => {
    const { gate, url } = await gated();
    await using _ = gate;
    await using a = await Member.join(url, testPrefix());
    await succeed(a);
    await gate.close();
    await expect(a.breaker.forceOpen()).rejects.toMatchObject({ code: 'backend_unavailable' });
    await expect(a.breaker.reset()).rejects.toMatchObject({ code: 'backend_unavailable' });
  });
});
