import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeRedis, connectRedis, type RedisClient } from '../../src/redis/connect.ts';
import { CircuitStore } from '../../src/resilience/shared/circuit-store.ts';
import type { CircuitOrder, CircuitOutcome, CircuitWork } from '../support/circuit-process.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: RedisClient;
beforeAll(async () => {
  server = await acquireRedis();
  redis = await connectRedis({ url: server.url, name: 'test', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(redis);
  await server[Symbol.asyncDispose]();
});

const children: ChildProcess[] = [];
afterAll(async () => {
  await Promise.all(children.splice(0).map(kill));
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

interface Caller {
  readonly process: ChildProcess;
  ask<T = CircuitOutcome[]>(circuit: string, order: CircuitWork): Promise<T>;
}

/** Their settings, by name; what is not named is the default. */
const CIRCUITS = { steady: {}, brief: { timeout_seconds: 1 } };

/** Processes that share a circuit, ready to call. */
async function callers(prefix: string, count: number): Promise<Caller[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const script = join(import.meta.dirname, '../support/circuit-process.ts');
      const child = fork(script, [JSON.stringify({ url: server.url, prefix, circuits: CIRCUITS })]);
      children.push(child);
      await once(child, 'message');
      return {
        process: child,
        async ask<T>(circuit: string, work: CircuitWork): Promise<T> {
          const answered = once(child, 'message');
          child.send({ circuit, ...work } satisfies CircuitOrder);
          const [{ answer }] = (await answered) as [{ answer: T }];
          return answer;
        },
      };
    }),
  );
}

const fail = (times: number): CircuitWork => ({ what: 'fail', times });
const succeed = (times: number): CircuitWork => ({ what: 'succeed', times });
const outcomes = (list: readonly CircuitOutcome[]): string[] => list.map(({ outcome }) => outcome);
const OPEN = 'circuit_breaker_open';
const FULL = 'half_open_max_calls_reached';

describe('processes that share a circuit', () => {
  /** The first three tests need no new processes: each leaves the circuit closed, or uses another one. */
  let a: Caller;
  let b: Caller;
  beforeAll(async () => {
    [a, b] = (await callers(testPrefix(), 2)) as [Caller, Caller];
  });
  test('[C6] four failures, a success of another process, and four failures leave it closed', async () => {
    for (let round = 0; round < 2; round += 1) {
      await a.ask('steady', fail(4));
      expect(outcomes(await b.ask('steady', succeed(1)))).toEqual(['fine']);
      await b.ask('steady', fail(4));
      expect(outcomes(await a.ask('steady', succeed(1)))).toEqual(['fine']);
    }
  });

  test('[C6] three failures in one and two in another open it for both', async () => {
    expect(outcomes(await a.ask('steady', fail(3)))).toEqual(['failed', 'failed', 'failed']);
    expect(outcomes(await b.ask('steady', fail(2)))).toEqual(['failed', 'failed']);
    expect(outcomes(await a.ask('steady', succeed(1)))).toEqual([OPEN]);
    expect(outcomes(await b.ask('steady', succeed(1)))).toEqual([OPEN]);
  });

  test('[C6] of ten calls from two processes three try a half-open circuit, and two that succeed close it', async () => {
    await a.ask('brief', fail(5));
    await a.ask('brief', { what: 'until_permitted' });
    await b.ask('brief', { what: 'until_permitted' });
    const hold: CircuitWork = { what: 'hold', times: 5, timeoutMs: 30_000 };
    const [ofA, ofB] = await Promise.all([a.ask<string[]>('brief', hold), b.ask<string[]>('brief', hold)]);
    const all = [...ofA, ...ofB];
    expect(all.filter((outcome) => outcome === 'made')).toHaveLength(3);
    expect(all.filter((outcome) => outcome === FULL)).toHaveLength(7);

    let missing = 2;
    for (const [caller, own] of [
      [a, ofA],
      [b, ofB],
    ] as const) {
      const times = Math.min(missing, own.filter((outcome) => outcome === 'made').length);
      missing -= times;
      await caller.ask('brief', { what: 'release', times });
    }
    for (const caller of [a, b]) await caller.ask('brief', { what: 'until_state', state: 'closed' });
    expect(outcomes([...(await a.ask('brief', succeed(1))), ...(await b.ask('brief', succeed(1)))])).toEqual([
      'fine',
      'fine',
    ]);
  });

  test('[C6] trial calls whose process is killed give their slots back when their leases end', async () => {
    const [lasting, dying] = (await callers(testPrefix(), 2)) as [Caller, Caller];
    await lasting.ask('brief', fail(5));
    await dying.ask('brief', { what: 'until_permitted' });
    const held = await dying.ask<string[]>('brief', { what: 'hold', times: 3, timeoutMs: 1000 });
    expect(held).toEqual(['made', 'made', 'made']);
    await kill(dying.process);
    await lasting.ask('brief', { what: 'until_permitted' });
    const [refused] = await lasting.ask('brief', succeed(1));
    expect(refused).toMatchObject({ outcome: FULL });
    expect(refused?.retryAfterMs).toBeGreaterThan(0);
    await lasting.ask('brief', { what: 'until_permitted' });
    let ended: string[];
    do ended = outcomes(await lasting.ask('brief', succeed(2)));
    while (ended.includes(FULL));
    expect(ended).toEqual(['fine', 'fine']);
    expect(await lasting.ask<string>('brief', { what: 'state' })).toBe('closed');
  });

  test('[C6] an open circuit is as open as before when all processes have been replaced', async () => {
    const prefix = testPrefix();
    const store = new CircuitStore({ redis, prefix, by: 'test' });
    const first = await callers(prefix, 1);
    await first[0]!.ask('steady', fail(5));
    const before = await store.find('steady');
    await Promise.all(first.map(({ process: child }) => kill(child)));

    const second = await callers(prefix, 1);
    const answers = await Promise.all(second.map((caller) => caller.ask('steady', succeed(1))));
    const after = await store.find('steady');
    expect(after).toMatchObject({ state: 'open', stateChangedAt: before!.stateChangedAt });
    for (const [answer] of answers) {
      expect(answer?.outcome).toBe(OPEN);
      // The period began with the first processes: less is left of it than there was, and more than there is.
      expect(answer?.retryAfterMs).toBeLessThan(before!.retryAfterMs!);
      expect(answer?.retryAfterMs).toBeGreaterThanOrEqual(after!.retryAfterMs!);
    }
  });
});
