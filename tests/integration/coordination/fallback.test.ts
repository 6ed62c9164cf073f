import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueueMessage } from '../../../src/coordination/models/queue-message.ts';
import { Router } from '../../../src/coordination/routing/router.ts';
import { BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { House, Worker } from '../../support/supervision.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const BEN = { type: 'bob', instance: 'b2' };
const SHARED = { type: 'bob', instance: null };
/** Agents that are gone after a moment of silence. */
const brief = { heartbeatTtlMs: 150, heartbeatIntervalMs: 140 };

/** An agent that was registered and fell silent, with messages that wait for it. */
async function lose(post: Post, house: House, payloads: readonly object[]): Promise<QueueMessage[]> {
  await using gone = new House(post, { registry: brief });
  await gone.registry.register({ ...BOB, process: async () => undefined });
  for (const [n, payload] of payloads.entries())
    await house.coordinator.send(
      message({ message_id: `left-0${n}`, priority: ([9, 5, 1] as const)[n % 3]!, payload: { ...payload } }),
    );
  await gone.registry.stop();
  // It is not deregistered: whoever dies does not say so.
  gone.registry.close = async () => {};
  await sleep(170);
  return await house.coordinator.peek(BOB);
}

const details = async (house: House, kind: string): Promise<unknown[]> =>
  (await house.events(kind)).map((event) => event.details);

describe('what waits for an agent that is lost', () => {
  test('goes to the best of its type, exactly as it was, and that is told', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const waiting = await lose(
      post,
      house,
      Array.from({ length: 6 }, (_, n) => ({ n })),
    );
    expect(waiting).toHaveLength(6);
    for (const instance of ['b2', 'b3']) await house.registry.register(new Worker(instance));
    await house.registry.setDegraded({ type: 'bob', instance: 'b3' }, true);
    await house.registry.detectLost();
    await house.registry.detectLost();
    await expect.poll(() => details(house, 'fallback')).toEqual([{ from: 'bob:b1', to: 'bob:b2', moved: 6 }]);
    expect(await house.events('lost')).toHaveLength(1);
    expect(await house.coordinator.peek(BEN)).toEqual(waiting);
    expect(house.metrics.counts.get('agents_fallbacks_total {"type":"bob"}')).toBe(1);
    expect(house.metrics.total('agent_messages_moved_total')).toBe(6);
  });

  test('goes where the router says, and stays when that is where it was', async () => {
    await using post = new Post(server.url);
    const CAP = { type: 'bob', instance: 'b9' };
    const asked: unknown[] = [];
    await using house = new House(post, {
      resolve: async (agent) => {
        asked.push(agent);
        return CAP;
      },
    });
    await lose(post, house, [{}, {}]);
    await house.supervisor.fallback.handOver(BOB, 'lost', null);
    expect(asked).toEqual([BOB]);
    expect(await house.coordinator.depth(CAP)).toBe(2);
  });

  test('goes to the one that a router finds best', async () => {
    await using post = new Post(server.url);
    await using other = new House(post);
    await using router = new Router(other.core, other.registry);
    await using house = new House(post, { resolve: (agent) => router.resolveTarget(agent) });
    await lose(post, house, [{}, {}, {}]);
    for (const instance of ['b2', 'b3']) await house.registry.register(new Worker(instance));
    // One of them has enough to do.
    await house.coordinator.send(message({ recipient: BEN }));
    expect(await house.supervisor.fallback.handOver(BOB, 'lost', null)).toBe(3);
    expect(await house.coordinator.depth({ type: 'bob', instance: 'b3' })).toBe(3);

    router.configure({ enabled: false });
    await house.coordinator.send(message());
    expect(await house.supervisor.fallback.runOnce()).toBe(1);
    expect(await house.coordinator.depth(SHARED)).toBe(1);
    expect(await house.events('unserved')).toEqual([]);
  });

  test('goes to whoever has the capabilities that it asks for when none of its type is there', async () => {
    await using post = new Post(server.url);
    const PAINTER = { type: 'painter', instance: 'p1' };
    const asked: (readonly string[])[] = [];
    await using house = new House(post, {
      holderOf: async (capabilities) => {
        asked.push(capabilities);
        return capabilities.includes('paint') ? PAINTER : null;
      },
    });
    await lose(post, house, [
      { required_capabilities: ['paint', 'draw'] },
      { required_capabilities: ['sing'] },
      {},
      { required_capabilities: ['draw', 'paint'] },
    ]);
    expect(await house.supervisor.fallback.handOver(BOB, 'lost', null)).toBe(4);
    expect(asked.toSorted((a, b) => b.length - a.length)).toEqual([['draw', 'paint'], ['sing']]);
    const at = async (agent: typeof PAINTER | typeof SHARED): Promise<string[]> =>
      (await house.coordinator.peek(agent)).map((queued) => queued.message.message_id);
    expect(await at(PAINTER)).toEqual(['left-00', 'left-03']);
    expect(await at(SHARED)).toEqual(['left-01', 'left-02']);
  });

  test('waits in the mailbox of its type when nobody is there, which is told once', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await lose(post, house, [{}, {}, {}]);
    await house.registry.detectLost();
    await house.registry.detectLost();
    await expect.poll(() => details(house, 'unserved')).toEqual([{ waiting: 3 }]);
    await house.coordinator.send(message());
    await house.supervisor.fallback.runOnce();
    expect(await details(house, 'fallback')).toEqual([
      { from: 'bob:b1', to: 'bob:default', moved: 3 },
      { from: 'bob:b1', to: 'bob:default', moved: 1 },
    ]);
    expect(await details(house, 'unserved')).toEqual([{ waiting: 3 }]);
    const ben = new Worker('b2');
    await house.supervisor.run(ben);
    await expect.poll(() => ben.handled.length, { timeout: 10_000 }).toBe(4);
  });

  test('follows when it was in flight and its reservation expires', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await house.registry.register(new Worker('b2'));
    await lose(post, house, [{}, {}]);
    const held = await house.coordinator.receive(BOB, { visibilityTimeoutMs: 200 });
    expect(await house.supervisor.fallback.handOver(BOB, 'lost', null)).toBe(1);
    expect(await house.supervisor.fallback.runOnce()).toBe(0);
    await sleep(220);
    expect(await house.supervisor.fallback.runOnce()).toBe(1);
    expect(await house.coordinator.ack(BOB, held!.token)).toBe(false);
    expect(await house.coordinator.depth(BEN)).toBe(2);
  });

  test('stays when the agent is back, under whatever registration', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await house.registry.register(new Worker('b2'));
    await lose(post, house, [{}]);
    await house.supervisor.fallback.handOver(BOB, 'lost', null);
    await house.registry.register(new Worker('b1'));
    await house.coordinator.send(message({ message_id: 'for-bob-1' }));
    expect(await house.supervisor.fallback.runOnce()).toBe(0);
    expect(await house.coordinator.depth(BOB)).toBe(1);
    expect(await post.redis.hlen(`${post.prefix}:agents:handovers`)).toBe(0);
  });

  test('is found by a later round of whoever lives when its finder died', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await lose(post, house, [{}, {}]);
    const fallback = house.supervisor.fallback;
    await fallback.announce(BOB, 'lost', null);
    await house.registry.register(new Worker('b2'));
    await using other = new House(post, { supervision: { handoverIntervalMs: 30 } });
    await expect.poll(() => other.coordinator.depth(BEN), { timeout: 10_000 }).toBe(2);
  });
});

test('a loss that was noticed by a process without anybody to hand over is found by one that has', async () => {
  await using post = new Post(server.url);
  await using house = new House(post);
  await lose(post, house, [{}, {}]);
  await house.registry.register(new Worker('b2'));
  {
    await using bare = new House(post);
    await bare.supervisor.stop();
    await bare.registry.detectLost();
    await bare.registry.detectLost();
    await expect.poll(() => post.redis.zcard(`${post.prefix}:agents:lost`)).toBe(0);
  }
  expect(await house.coordinator.depth(BOB)).toBe(2);
  expect(await house.supervisor.fallback.runOnce()).toBe(2);
  expect(await house.coordinator.depth(BEN)).toBe(2);
  expect(await house.events('lost')).toHaveLength(1);
});

describe('what waits for an agent that is deregistered', () => {
  test('goes to another one, also what arrives a little later', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await house.registry.register(new Worker('b2'));
    await house.registry.register({ ...BOB, process: async () => undefined });
    await house.coordinator.send(message({ message_id: 'before-1' }));
    await house.registry.deregister(BOB);
    expect(await house.coordinator.depth(BEN)).toBe(1);
    await house.coordinator.send(message({ message_id: 'after-01' }));
    await house.supervisor.fallback.runOnce();
    expect(await house.coordinator.depth(BEN)).toBe(2);
  });

  test('is watched for ten minutes, then as long as something is there', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const handovers = `${post.prefix}:agents:handovers`;
    const long = { reason: 'deregistered', registration_id: null, at: Date.now() - 600_001 };
    await post.redis.hset(handovers, 'bob:b1', JSON.stringify({ ...long, at: Date.now() }));
    await post.redis.hset(handovers, 'bob:b2', JSON.stringify(long));
    await post.redis.hset(handovers, 'bob:b3', JSON.stringify(long), 'nobody', '{}', 'carl:c1', 'not JSON');
    await house.coordinator.send(message({ recipient: { type: 'bob', instance: 'b3' } }));
    await post.queue({ type: 'bob', instance: 'b3' }).pause();
    await house.supervisor.fallback.runOnce();
    expect((await post.redis.hkeys(handovers)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'bob:b1',
      'bob:b3',
      'carl:c1',
      'nobody',
    ]);
  });

  test('with the mailbox of its whole type, stays there', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await house.registry.register({ type: 'bob', instance: 'default', process: async () => undefined });
    await house.coordinator.send(message({ recipient: SHARED }));
    await house.registry.deregister(SHARED);
    expect(await house.coordinator.depth(SHARED)).toBe(1);
    expect(await house.events('fallback')).toEqual([]);
    expect(await details(house, 'unserved')).toEqual([{ waiting: 1 }]);
  });
});

test('two processes that hand over the same messages at once move each of them once', async () => {
  await using post = new Post(server.url);
  await using house = new House(post);
  await using other = new House(post);
  await lose(
    post,
    house,
    Array.from({ length: 60 }, () => ({})),
  );
  await house.registry.register(new Worker('b2'));
  const moved = await Promise.all([
    house.supervisor.fallback.handOver(BOB, 'lost', null),
    other.supervisor.fallback.handOver(BOB, 'lost', null),
  ]);
  expect(moved[0] + moved[1]).toBe(60);
  expect(await house.coordinator.depth(BEN)).toBe(60);
});
