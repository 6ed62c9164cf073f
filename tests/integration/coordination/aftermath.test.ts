import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LossDetector } from '../../../src/coordination/agents/loss-detector.ts';
import { AgentRegistry } from '../../../src/coordination/agents/registry.ts';
import { createCoordination } from '../../../src/coordination/create-coordination.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { agent, Town } from '../../support/agents.ts';
import { BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';
import { House, Worker } from '../../support/supervision.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const brief = { heartbeatTtlMs: 150, heartbeatIntervalMs: 140 };

describe('what an agent subscribed to', () => {
  test('goes with its record, so that nobody who dies in between leaves it behind', async () => {
    await using town = new Town(server.url);
    await using post = new Post(server.url);
    const subscribe = async (): Promise<void> => {
      const coordinator = post.coordinator({ keyPrefix: town.prefix });
      await coordinator.subscribe(BOB, ['event']);
      await coordinator.subscribe(BOB, ['request'], { topic: 'news' });
    };
    const left = () => town.redis.keys(`${town.prefix}:subs:*`);
    const one = town.registry();
    await one.register(agent());
    await subscribe();
    expect(await left()).toHaveLength(2);
    await one.deregister(BOB);
    expect(await left()).toEqual([]);

    await one.register(agent());
    await subscribe();
    expect(await town.registry().evict(BOB)).toBe(true);
    expect(await left()).toEqual([]);

    const dying = town.registry(brief);
    await dying.register(agent());
    await dying.stop();
    await subscribe();
    await sleep(1050);
    await town.registry({ ...brief, recordRetentionMs: 1000 }).detectLost();
    expect(await one.get(BOB)).toBeNull();
    expect(await left()).toEqual([]);
  });
});

describe('an agent that is drained', () => {
  test('is still drained when it was taken for lost meanwhile', async () => {
    await using post = new Post(server.url);
    await using here = new House(post);
    await using there = new House(post, { registry: brief });
    const bob = new Worker('b1');
    await there.supervisor.run(bob);
    await there.supervisor.drain(BOB);
    await there.registry.stop();
    await sleep(170);
    await here.registry.detectLost();
    await here.registry.detectLost();
    await expect.poll(async () => (await here.events('lost')).length, { timeout: 10_000 }).toBe(1);
    await expect.poll(() => post.redis.zcard(`${post.prefix}:agents:lost`), { timeout: 10_000 }).toBe(0);
    await there.registry.heartbeat();
    await here.supervisor.fallback.runOnce();
    await here.coordinator.send(message({ message_id: 'too-late' }));
    await there.registry.heartbeat();
    expect(await here.supervisor.fallback.runOnce()).toBe(1);
    expect(await here.coordinator.peek({ type: 'bob', instance: null })).toHaveLength(1);
    await there.registry.heartbeat();
    await there.supervisor.restart(BOB);
    expect(await post.redis.hgetall(`${post.prefix}:agents:handovers`)).toEqual({});
  });
});

test('an operator who takes back what health said is told otherwise as long as the agent is not healthy', async () => {
  await using post = new Post(server.url);
  await using house = new House(post);
  const bob = new Worker('b1');
  await house.supervisor.run(bob);
  bob.trouble = 'broken';
  await house.supervisor.checkAll();
  await house.registry.setDegraded(BOB, false);
  await house.registry.heartbeat();
  await house.supervisor.checkAll();
  expect((await house.registry.get(BOB))?.record.status).toMatchObject({
    degraded: true,
    degraded_by: 'health',
    reason: 'broken',
  });
  bob.trouble = null;
  await house.supervisor.checkAll();
  expect((await house.registry.get(BOB))?.record.status.degraded).toBe(false);
});

test('an agent that is begun while its process ends is not left behind', async () => {
  await using post = new Post(server.url);
  await using house = new House(post);
  const bob = new Worker('b1');
  const running = house.supervisor.run(bob);
  const stopping = house.supervisor.stop();
  await expect(running).rejects.toMatchObject({ code: 'coordination_closed' });
  await stopping;
  expect(await house.registry.list()).toEqual([]);
  await house.coordinator.send(message({ message_id: 'nobody-01' }));
  await sleep(50);
  expect(bob.handled).toEqual([]);
});

describe('an agent that is deregistered in its own process', () => {
  test.for(['deregister', 'evict'] as const)('by %s takes no more messages', async (verb) => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const bob = new Worker('b1');
    await house.supervisor.run(bob);
    expect(await house.registry[verb](BOB)).toBe(true);
    await expect.poll(() => house.supervisor.list()).toEqual([]);
    await house.coordinator.send(message({ message_id: 'shared-01', recipient: { type: 'bob' } }));
    const ben = new Worker('b2');
    await house.supervisor.run(ben);
    await expect.poll(() => ben.handled, { timeout: 10_000 }).toEqual(['shared-01']);
    expect(bob.handled).toEqual([]);
  });
});

test('the messages of an evicted agent go elsewhere though whoever evicted it died at once', async () => {
  await using post = new Post(server.url);
  await using here = new House(post);
  await using there = new House(post);
  await here.registry.register(agent({ instance: 'b2' }));
  await here.coordinator.send(message({ message_id: 'waits-01' }));
  await there.registry.register(agent());
  // A registry that does nothing more when an agent goes.
  expect(await new AgentRegistry(here.core).evict(BOB)).toBe(true);
  expect(await here.supervisor.fallback.runOnce()).toBe(1);
  expect(await here.coordinator.peek({ type: 'bob', instance: 'b2' })).toHaveLength(1);
});

test('what nobody can lose does not keep the search for the lost busy', async () => {
  await using town = new Town(server.url);
  const one = town.registry(brief);
  const core = town.core();
  await town.redis.zadd(town.keys.agentDeadlines(), 1, 'no agent', 1, 'bob:b1');
  await town.redis.hset(town.keys.agent('bob', 'b1'), 'odd', '1');
  const detector = new LossDetector(core, one.settings, {
    onLost: async () => true,
    onForgotten: async () => undefined,
  });
  expect(await detector.runOnce()).toBe(one.settings.lossDetectionIntervalMs);
  await detector.stop();
});

test('a successor in the same process advertises what it can do, however long the first takes to end', async () => {
  await using coordination = createCoordination({
    connection: server.url,
    keyPrefix: testPrefix(),
    discovery: { strategy: 'manual' },
  });
  const [begun, go] = [deferred(), deferred()];
  const capabilities = [{ name: 'weave', type: 'generation', version: '1.0.0' }];
  const first = {
    ...agent({ capabilities }),
    process: async () => {
      begun.resolve();
      await go.promise;
    },
  };
  await coordination.runAgent(first);
  await coordination.coordinator.send(message({ message_id: 'first-01' }));
  await begun.promise;
  await coordination.runAgent(agent({ capabilities }), { takeover: true });
  go.resolve();
  await sleep(200);
  expect(await coordination.discovery.discover('bob:b1')).toMatchObject({ status: 'registered' });
  const { matches } = await coordination.capabilities.discover({ capability_name: 'weave' });
  expect(matches.map(({ agent_id: id }) => id)).toEqual(['bob:b1']);
});

describe('who has lost its name and does not know it yet', () => {
  test('leaves to its successor what is asked of that', async () => {
    await using post = new Post(server.url);
    await using old = new House(post);
    await using next = new House(post);
    await old.supervisor.run(new Worker('b1'));
    await next.supervisor.run(new Worker('b1'), { takeover: true });
    const { command_id } = await old.supervisor.request(BOB, { command: 'drain', by: 'ann' });
    await old.supervisor.obey();
    await next.supervisor.obey();
    expect(await next.events('drained', 'command_dropped')).toMatchObject([
      { kind: 'drained', details: { command_id } },
    ]);
    expect(await post.redis.exists(`${post.prefix}:agents:commands:bob:b1`)).toBe(0);
  });

  test('does not speak of the health of its successor', async () => {
    await using post = new Post(server.url);
    await using old = new House(post);
    await using next = new House(post);
    const [ill, well] = [new Worker('b1'), new Worker('b1')];
    await old.supervisor.run(ill);
    await next.supervisor.run(well, { takeover: true });
    ill.trouble = 'broken';
    await old.supervisor.checkAll();
    await next.supervisor.checkAll();
    const status = async () => (await next.registry.get(BOB))?.record.status;
    expect(await status()).toMatchObject({ degraded: false });
    well.trouble = 'broken too';
    await next.supervisor.checkAll();
    expect(await status()).toMatchObject({ degraded: true, reason: 'broken too' });
  });
});
