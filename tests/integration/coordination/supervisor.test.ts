import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import { askHealth } from '../../../src/coordination/supervision/health.ts';
import { SupervisionSettings } from '../../../src/coordination/supervision/settings.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { House, Worker } from '../../support/supervision.ts';
import { tcpGate } from '../../support/tcp-gate.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

/** A clock that a test moves. */
class Hand {
  ms = 1_000_000;
  now(): number {
    return this.ms;
  }
}

const statusOf = async (house: House) => (await house.registry.get(BOB))?.record.status;

test('the settings are those of the specification', () => {
  expect(SupervisionSettings.parse({})).toMatchObject({
    healthCheckIntervalMs: 15_000,
    failureDetectionIntervalMs: 15_000,
    healthTimeoutMs: 5000,
    shutdownGraceMs: 25_000,
    restart: { baseDelayMs: 5000, maxAttempts: 5 },
  });
  expect(SupervisionSettings.parse({ healthCheckIntervalMs: 100 }).failureDetectionIntervalMs).toBe(5000);
});

describe('a health check', () => {
  const check = (healthCheck: Worker['healthCheck']) =>
    askHealth({ type: 'bob', process: async () => undefined, healthCheck: healthCheck }, 50);

  test.for([
    ['none at all', undefined, false],
    ['healthy', async () => ({ status: 'healthy' }), false],
    ['initializing', async () => ({ status: 'initializing' }), true],
    ['degraded', async () => ({ status: 'degraded' }), 'it says that it is degraded'],
    ['unhealthy for a reason', async () => ({ status: 'unhealthy', reason: 'no disk' }), 'no disk'],
    ['a rejection', async () => Promise.reject(new Error('boom')), 'the health check failed: boom'],
    [
      'a throw',
      () => {
        throw new Error('bang');
      },
      'the health check failed: bang',
    ],
    ['silence', () => sleep(60_000, undefined, { ref: false }), 'the health check took longer than 50 ms'],
  ] as const)('%s', async ([, healthCheck, reason]) => {
    expect(await check(healthCheck as never)).toEqual(
      typeof reason === 'string' ? { isHealthy: false, reason } : { isHealthy: true, isInitializing: reason },
    );
  });

  test('that takes too long is told so', async () => {
    const aborted = deferred();
    await askHealth(
      {
        type: 'bob',
        process: async () => undefined,
        healthCheck: (signal) => {
          signal.addEventListener('abort', () => aborted.resolve());
          return new Promise(() => {});
        },
      },
      20,
    );
    await aborted.promise;
  });
});

describe('an agent that is not healthy', () => {
  test('is degraded, restarted, given back its state, and recovers', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const states: unknown[] = [];
    const bob = Object.assign(new Worker('b1'), {
      exportState: () => ({ handled: bob.handled }),
      importState: async (state: unknown) => {
        states.push(state);
        bob.trouble = null;
      },
    });
    await house.supervisor.run(bob);
    await house.supervisor.checkAll();
    expect(await house.events('unhealthy')).toEqual([]);
    bob.trouble = 'no disk';
    bob.handled.push('by-hand-1');
    await house.supervisor.checkAll();
    expect(states).toEqual([{ handled: ['by-hand-1'] }]);
    const events = await house.events('unhealthy', 'degraded', 'restarted', 'recovered', 'undegraded');
    expect(events.map(({ kind }) => kind)).toEqual([
      'degraded',
      'unhealthy',
      'restarted',
      'undegraded',
      'recovered',
    ]);
    expect(events[1]!.details).toEqual({ reason: 'no disk' });
    expect(house.metrics.counts.get('agents_restarts_total {"agent":"bob:b1","result":"success"}')).toBe(1);
    expect(await statusOf(house)).toMatchObject({ degraded: false, running: true, status: 'idle' });
    await house.coordinator.send(message({ message_id: 'after-01' }));
    await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['by-hand-1', 'after-01']);
  });

  test('is restarted after growing pauses, then not at all, and tried again when the circuit closes', async () => {
    await using post = new Post(server.url);
    const clock = new Hand();
    let hopeless = 0;
    await using house = new House(post, { clock, onHopeless: () => (hopeless += 1) });
    const bob = new Worker('b1');
    await house.supervisor.run(bob);
    bob.trouble = 'broken';
    const at: number[] = [];
    for (let seconds = 0; seconds <= 330; seconds += 5) {
      const before = (await house.events('restart_failed')).length;
      await house.supervisor.checkAll();
      if ((await house.events('restart_failed')).length > before) at.push(seconds);
      if (seconds === 20) {
        expect(hopeless).toBe(1);
        expect(house.supervisor.list()).toEqual([
          { agent: 'bob:b1', trouble: 'broken', is_drained: false, is_restart_denied: true },
        ]);
      }
      clock.ms += 5000;
    }
    expect(at).toEqual([0, 5, 15, 315]);
    expect((await house.events('unhealthy')).length).toBe(1);
    const denied = await house.events('restart_denied');
    expect(denied.map(({ details }) => details)).toEqual([
      { reason: 'broken', until: new Date(1_000_000 + 315_000).toISOString() },
    ]);
    expect(house.metrics.counts.get('agents_restarts_total {"agent":"bob:b1","result":"failure"}')).toBe(4);
    expect(house.metrics.counts.get('agents_restarts_total {"agent":"bob:b1","result":"denied"}')).toBe(1);
  });

  test('that may not be restarted takes nothing, and its messages go to another one until it is healthy', async () => {
    await using post = new Post(server.url);
    await using house = new House(post, { supervision: { restart: { circuitFailures: 1 } } });
    const [bob, ben] = [new Worker('b1'), new Worker('b2')];
    await house.supervisor.run(bob);
    bob.trouble = 'broken';
    await house.supervisor.checkAll();
    await house.supervisor.checkAll();
    expect(await house.events('restart_denied')).toHaveLength(1);
    for (const n of [1, 2]) await house.coordinator.send(message({ message_id: `waits-0${n}` }));
    await house.coordinator.send(message({ message_id: 'shared-1', recipient: { type: 'bob' } }));
    await house.supervisor.run(ben);
    await house.supervisor.fallback.runOnce();
    await expect
      .poll(() => new Set(ben.handled), { timeout: 10_000 })
      .toEqual(new Set(['waits-01', 'waits-02', 'shared-1']));
    expect(bob.handled).toEqual([]);
    expect(await statusOf(house)).toMatchObject({ degraded: true, degraded_by: 'health', status: 'error' });

    bob.trouble = null;
    await house.supervisor.checkAll();
    await house.coordinator.send(message({ message_id: 'back-001' }));
    await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['back-001']);
    expect(await house.supervisor.fallback.runOnce()).toBe(0);
    expect(await post.redis.hgetall(`${post.prefix}:agents:handovers`)).toEqual({});
    expect(await statusOf(house)).toMatchObject({ degraded: false, status: 'idle' });
  });

  test('stays degraded when an operator says so, however healthy it is', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const bob = new Worker('b1');
    await house.supervisor.run(bob);
    await house.registry.setDegraded(BOB, true, 'being watched');
    bob.trouble = 'broken';
    await house.supervisor.checkAll();
    bob.trouble = null;
    await house.supervisor.restart(BOB);
    await house.supervisor.checkAll();
    expect(await house.events('recovered')).toHaveLength(1);
    expect(await statusOf(house)).toMatchObject({
      degraded: true,
      degraded_by: 'operator',
      reason: 'being watched',
    });
  });

  test('is not given up while another one of the process works', async () => {
    await using post = new Post(server.url);
    let hopeless = 0;
    const supervision = { restart: { circuitFailures: 1 } };
    await using house = new House(post, { supervision, onHopeless: () => (hopeless += 1) });
    const [bob, ben] = [new Worker('b1'), new Worker('b2')];
    for (const each of [bob, ben]) await house.supervisor.run(each);
    bob.trouble = 'broken';
    await house.supervisor.checkAll();
    expect(hopeless).toBe(0);
    ben.trouble = 'broken too';
    await house.supervisor.checkAll();
    await house.supervisor.checkAll();
    expect(hopeless).toBe(1);
    await house.supervisor.resetRestarts(BOB);
    expect(house.supervisor.list().map(({ is_restart_denied }) => is_restart_denied)).toEqual([false, true]);
  });

  test('is looked at again and again by itself', async () => {
    await using post = new Post(server.url);
    await using house = new House(post, { supervision: { failureDetectionIntervalMs: 30 } });
    const bob = new Worker('b1');
    let asked = 0;
    const healthCheck = async () => {
      asked += 1;
      return { status: 'healthy' } as const;
    };
    await house.supervisor.run(Object.assign(bob, { healthCheck }));
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(3);
  });

  test('shows that it is initializing until it says otherwise', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    let status: 'initializing' | 'healthy' = 'initializing';
    const bob = Object.assign(new Worker('b1'), { healthCheck: async () => ({ status }) });
    const handle = await house.supervisor.run(bob);
    await house.supervisor.checkAll();
    expect(handle.status).toBe('initializing');
    expect(await house.events('unhealthy')).toEqual([]);
    status = 'healthy';
    await house.supervisor.checkAll();
    expect(handle.status).toBe('idle');
  });

  test('is restarted when its worker does not run', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const bob = new Worker('b1');
    // A consumer is taken from under it.
    const consume = house.coordinator.consume.bind(house.coordinator);
    const consumers: ReturnType<typeof consume>[] = [];
    house.coordinator.consume = (...args) => {
      const consumer = consume(...args);
      consumers.push(consumer);
      return consumer;
    };
    await house.supervisor.run(bob);
    await consumers[0]!.close();
    await house.supervisor.checkAll();
    expect((await house.events('unhealthy', 'restarted')).map(({ details }) => details)).toMatchObject([
      { reason: 'its worker does not run' },
      { by: 'health' },
    ]);
    await house.coordinator.send(message({ message_id: 'again-01' }));
    await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['again-01']);
  });
});

test('while Redis is away nothing breaks, and afterwards everything goes on', async () => {
  await using post = new Post(server.url);
  const { hostname: host, port, pathname } = new URL(server.url);
  await using gate = await tcpGate({ host, port: Number(port) });
  await using house = new House(post, {
    url: `redis://127.0.0.1:${gate.port}${pathname}`,
    supervision: { failureDetectionIntervalMs: 50, handoverIntervalMs: 50, commandIntervalMs: 50 },
  });
  const bob = new Worker('b1');
  let asked = 0;
  const healthCheck = (): ReturnType<Worker['healthCheck']> => {
    asked += 1;
    return Worker.prototype.healthCheck.call(bob);
  };
  await house.supervisor.run(Object.assign(bob, { healthCheck }));
  await gate.close();
  bob.trouble = 'broken';
  const before = asked;
  await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(before + 3);
  await gate.open();
  await expect
    .poll(async () => (await house.events('restart_failed').catch(() => [])).length, { timeout: 10_000 })
    .toBeGreaterThan(0);
  bob.trouble = null;
  await expect
    .poll(async () => (await house.events('recovered').catch(() => [])).length, { timeout: 10_000 })
    .toBeGreaterThan(0);
  await house.coordinator.send(message({ message_id: 'after-01' }));
  await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['after-01']);
  await gate.close();
  await house.supervisor.stop();
  expect(house.log.lines.map((line) => line.message)).toContain('an agent ends untidily');
});

describe('what an operator asks of an agent in another process', () => {
  test('is done there, and told with the id of the command', async () => {
    await using post = new Post(server.url);
    await using here = new House(post);
    await using there = new House(post);
    const bob = new Worker('b1');
    await there.supervisor.run(bob);
    const restart = await here.supervisor.request(BOB, { command: 'restart', by: 'ann', reason: 'why not' });
    const reset = await here.supervisor.request(BOB, { command: 'reset_restarts', by: 'ann' });
    await there.supervisor.obey();
    await there.supervisor.obey();
    const events = await here.events('restarted', 'restarts_reset');
    const asked = { asked_by: 'ann', command_id: reset.command_id };
    expect(events).toMatchObject([
      {
        kind: 'restarted',
        details: {
          asked_by: 'ann',
          asked_because: 'why not',
          by: 'operator',
          command_id: restart.command_id,
        },
      },
      { kind: 'restarts_reset', details: asked },
    ]);
  });

  test('drains it: it finishes what it has, and others handle the rest until it is restarted', async () => {
    await using post = new Post(server.url);
    await using here = new House(post);
    await using there = new House(post);
    const [begun, go] = [deferred(), deferred()];
    const bob = new Worker('b1', 'bob', async () => {
      begun.resolve();
      await go.promise;
      return undefined;
    });
    const ben = new Worker('b2');
    await there.supervisor.run(bob);
    await here.coordinator.send(message({ message_id: 'first-01' }));
    await begun.promise;
    for (const n of [1, 2]) await here.coordinator.send(message({ message_id: `later-0${n}` }));
    await here.supervisor.run(ben);
    await here.supervisor.request(BOB, { command: 'drain', by: 'ann' });
    const obeying = there.supervisor.obey();
    await expect.poll(() => ben.handled, { timeout: 10_000 }).toEqual(['later-01', 'later-02']);
    expect(await statusOf(here)).toMatchObject({ running: false });
    expect(await here.events('drained')).toEqual([]);
    go.resolve();
    await obeying;
    expect(await here.events('drained')).toHaveLength(1);
    expect(bob.handled).toEqual(['first-01']);
    await here.coordinator.send(message({ message_id: 'drained1' }));
    await here.supervisor.fallback.runOnce();
    await expect.poll(() => ben.handled, { timeout: 10_000 }).toContain('drained1');

    await here.supervisor.request(BOB, { command: 'restart', by: 'ann' });
    await there.supervisor.obey();
    expect(await statusOf(here)).toMatchObject({ running: true });
    await here.coordinator.send(message({ message_id: 'again-01' }));
    await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['first-01', 'again-01']);
  });

  test('waits for its process, and is dropped by the next incarnation', async () => {
    await using post = new Post(server.url);
    await using here = new House(post);
    const bob = new Worker('b1');
    {
      await using there = new House(post);
      await there.supervisor.run(bob);
      await here.supervisor.request(BOB, { command: 'drain', by: 'ann' });
      expect(await post.redis.llen(`${post.prefix}:agents:commands:bob:b1`)).toBe(1);
    }
    await here.supervisor.run(bob);
    await post.redis.rpush(`${post.prefix}:agents:commands:bob:b1`, '{}');
    await here.supervisor.obey();
    expect((await here.events('command_dropped')).map(({ details }) => details['why'])).toEqual([
      'it was meant for an earlier incarnation',
      'it cannot be read',
    ]);
    expect(await post.redis.llen(`${post.prefix}:agents:commands:bob:b1`)).toBe(0);
    expect(await statusOf(here)).toMatchObject({ running: true });
  });

  test('is refused at once when nobody could do it', async () => {
    await using post = new Post(server.url);
    await using house = new House(post, { registry: { heartbeatTtlMs: 100, heartbeatIntervalMs: 90 } });
    const ask = (command: string) => house.supervisor.request(BOB, { command: command as never, by: 'ann' });
    await expect(ask('dance')).rejects.toBeInstanceOf(CoordinationValidationError);
    await expect(ask('drain')).rejects.toMatchObject({ code: 'agent_not_found', kind: 'not_found' });
    await house.supervisor.run(new Worker('b1'));
    await house.registry.stop();
    await sleep(120);
    await expect(ask('drain')).rejects.toMatchObject({ code: 'agent_not_alive', kind: 'conflict' });
  });
});

test('an agent whose name another process takes stops consuming, and is looked after no more', async () => {
  await using post = new Post(server.url);
  await using house = new House(post);
  await using other = new House(post);
  const [bob, usurper] = [new Worker('b1'), new Worker('b1')];
  await house.supervisor.run(bob);
  await expect(other.supervisor.run(usurper)).rejects.toMatchObject({ code: 'agent_instance_conflict' });
  await other.supervisor.run(usurper, { takeover: true });
  await house.registry.heartbeat();
  await expect.poll(() => house.supervisor.list()).toEqual([]);
  for (let n = 0; n < 6; n += 1) await other.coordinator.send(message());
  await expect.poll(() => usurper.handled.length, { timeout: 10_000 }).toBe(6);
  expect(bob.handled).toEqual([]);
  await house.supervisor.stop();
  expect(await other.registry.get(BOB)).toMatchObject({ isAlive: true });
});
