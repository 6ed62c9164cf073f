import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Graph } from '../../../src/graph/graph-port.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';
import { seededRandom } from '../../../src/sessions/world/seeded.ts';
import { append, newConsumer, storeWorld, tell, waiting } from '../../support/graph-consumer.ts';
import { firstWorld, forgetting, randomStory, type Chapter } from '../../support/graph-story.ts';
import { eventually } from '../../support/harness.ts';
import { MemoryGraph } from '../../support/memory-graph.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisClient;
let store: RedisStore;
let graph: MemoryGraph;
beforeAll(async () => {
  server = await acquireRedis();
  redis = await connectRedis({ url: server.url, name: 'test', onOutage: 'fail_fast' });
});
beforeEach(() => {
  store = { redis, keys: createKeys(testPrefix()) };
  graph = new MemoryGraph();
});
afterAll(async () => {
  await closeRedis(redis);
  await server.dispose();
});

const newId = (): string => `world_${randomBytes(6).toString('hex')}`;
const story = (length: number, id = newId()): Chapter[] => randomStory(id, length, seededRandom('story', id));
const down = (): FleetError =>
  new FleetError({ code: 'graph_unavailable', kind: 'unavailable', message: 'Neo4j cannot be written (x)' });

async function versionOf(chapters: readonly Chapter[]): Promise<unknown> {
  return (await graph.dump(chapters[0]!.world.world_id)).nodes['World/']?.['version'];
}

/** Stories of several worlds, told by turns. */
function shuffled(...stories: Chapter[][]): Chapter[] {
  const longest = Math.max(...stories.map((one) => one.length));
  return Array.from({ length: longest }, (_, index) => stories.flatMap((one) => one[index] ?? [])).flat();
}

/** Lets a test decide when, and whether, a write reaches the graph. */
function between(inner: Graph, write: () => void | Promise<void>): Graph {
  return {
    prepare: (signal) => inner.prepare(signal),
    close: () => inner.close(),
    async write(writer, work, signal) {
      await write();
      return inner.write(writer, work, signal);
    },
  };
}

describe('the consumer of the outbox', () => {
  test('brings the changes of many worlds into the graph, in order, and leaves nothing behind', async () => {
    const [a, b, c] = [story(9), story(4), story(7)];
    await tell(store, shuffled(a, b, c));
    const { consumer, outcomes } = newConsumer(store, graph);
    expect(await consumer.runOnce()).toBe('caught_up');
    expect(await waiting(store)).toBe(0);
    expect([await versionOf(a), await versionOf(b), await versionOf(c)]).toEqual([9, 4, 7]);
    // Each world is new to the graph, so its first entry copies it as it is by now.
    expect(outcomes.filter((one) => one === 'healed')).toHaveLength(3);
    expect(outcomes.filter((one) => one === 'skipped')).toHaveLength(17);

    const more = randomStory(a[0]!.world.world_id, 12, seededRandom('story', a[0]!.world.world_id)).slice(9);
    await tell(store, more);
    outcomes.length = 0;
    await consumer.runOnce();
    expect(outcomes).toEqual(['applied', 'applied', 'applied']);
    expect(await versionOf(a)).toBe(12);
  });

  test('goes on while it runs, and is quiet once stopped', async () => {
    const { consumer } = newConsumer(store, graph);
    await consumer.start();
    const told = story(3);
    await tell(store, told);
    await eventually(async () => expect(await versionOf(told)).toBe(3));
    await eventually(async () => expect(await waiting(store)).toBe(0));
    await consumer.stop();
    await consumer.stop();
    await tell(store, story(1));
    expect(await waiting(store)).toBe(1);
    expect(await newConsumer(store, graph).consumer.runOnce()).toBe('caught_up');
  });

  test('applies entries that were delivered twice once', async () => {
    const told = story(6);
    await tell(store, told);
    const { consumer, outcomes } = newConsumer(store, graph);
    await consumer.runOnce();
    const before = await graph.dump(told[0]!.world.world_id);
    outcomes.length = 0;
    for (const { fields } of told) await append(store, fields);
    await consumer.runOnce();
    expect(outcomes).toEqual(told.map(() => 'skipped'));
    expect(await graph.dump(told[0]!.world.world_id)).toEqual(before);
  });

  test.each(['commit', 'committed'] as const)(
    'loses and repeats nothing when it dies at "%s", before its entries are taken away',
    async (moment) => {
      const told = story(8);
      await tell(store, told.slice(0, 1));
      await newConsumer(store, graph).consumer.runOnce();
      await tell(store, told.slice(1));
      const dying = newConsumer(store, graph);
      graph.hook = (at) => {
        if (at === moment) throw new Error('killed');
      };
      await expect(dying.consumer.runOnce()).rejects.toThrow('killed');
      expect(await waiting(store)).toBe(7);
      graph.hook = () => undefined;
      const next = newConsumer(store, graph);
      await next.consumer.runOnce();
      const skipped = moment === 'committed' ? 5 : 0;
      expect(next.outcomes).toEqual([
        ...Array.from({ length: skipped }, () => 'skipped'),
        ...Array.from({ length: 7 - skipped }, () => 'applied'),
      ]);
      expect(await versionOf(told)).toBe(8);
      expect(await waiting(store)).toBe(0);
    },
  );

  test('works in one process at a time: two of them apply every change once', async () => {
    const stories = Array.from({ length: 6 }, () => story(10));
    const two = [newConsumer(store, graph, { batchSize: 3 }), newConsumer(store, graph, { batchSize: 3 })];
    await tell(
      store,
      stories.map((one) => one[0]!),
    );
    await two[0]!.consumer.runOnce();
    for (const { consumer } of two) await consumer.start();
    await tell(store, shuffled(...stories.map((one) => one.slice(1))));
    await eventually(async () => expect(await waiting(store)).toBe(0));
    await Promise.all(two.map(({ consumer }) => consumer.stop()));
    for (const one of stories) expect(await versionOf(one)).toBe(10);
    const all = two.flatMap(({ outcomes }) => outcomes);
    expect(all.filter((one) => one === 'applied')).toHaveLength(54);
    expect(two.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test('while one process works the other does nothing', async () => {
    await tell(store, story(1));
    const [inside, release] = [deferred(), deferred()];
    graph.hook = async (at) => {
      if (at !== 'begin') return;
      inside.resolve();
      await release.promise;
    };
    const working = newConsumer(store, graph).consumer.runOnce();
    await inside.promise;
    expect(await newConsumer(store, graph).consumer.runOnce()).toBe('elsewhere');
    release.resolve();
    expect(await working).toBe('caught_up');
    expect(await newConsumer(store, graph).consumer.runOnce()).toBe('caught_up');
  });

  test('a process that lost its turn while it hung is refused by the graph', async () => {
    const told = story(5);
    await tell(store, told.slice(0, 4));
    const [reached, release] = [deferred(), deferred()];
    const hanging = between(graph, async () => {
      reached.resolve();
      await release.promise;
    });
    const late = newConsumer(store, hanging, { leaseMs: 1 }).consumer.runOnce();
    await reached.promise;
    const follower = newConsumer(store, graph);
    await eventually(async () => expect(await follower.consumer.runOnce()).toBe('caught_up'));
    await append(store, forgetting(told[0]!.world.world_id));
    await follower.consumer.runOnce();
    release.resolve();
    await expect(late).rejects.toMatchObject({ code: 'graph_superseded' });
    expect(await graph.dump(told[0]!.world.world_id)).toEqual({ nodes: {}, relations: [] });
  });
});

describe('while the graph is away', () => {
  test('changes wait in the outbox, tries grow rare, and all is caught up in order afterwards', async () => {
    const told = story(12);
    await tell(store, told.slice(0, 2));
    const { consumer, outcomes, failures, lines } = newConsumer(store, graph);
    await consumer.runOnce();
    outcomes.length = 0;
    const tries: number[] = [];
    graph.hook = () => {
      tries.push(performance.now());
      throw down();
    };
    await tell(store, told.slice(2, 7));
    await consumer.start();
    await eventually(async () => expect(failures.length).toBeGreaterThanOrEqual(1));
    await tell(store, told.slice(7));
    await eventually(async () => expect(failures.length).toBeGreaterThanOrEqual(3));
    expect(await waiting(store)).toBe(10);
    expect(await versionOf(told)).toBe(2);
    const [first, second, third] = tries as [number, number, number];
    expect(second - first).toBeGreaterThan(200);
    expect(third - second).toBeGreaterThan(450);
    graph.hook = () => undefined;
    await eventually(async () => expect(await waiting(store)).toBe(0));
    await eventually(async () => expect(lines.join('')).toContain('the graph is written again'));
    await consumer.stop();
    expect(outcomes).toEqual(Array.from({ length: 10 }, () => 'applied'));
    expect(await versionOf(told)).toBe(12);
    // Once when it went away, once when it was back; and never a word of a story.
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('graph_unavailable');
  });

  test('stopping does not wait for a database that hangs', async () => {
    await tell(store, story(2));
    const reached = deferred();
    const hanging: Graph = {
      ...between(graph, () => undefined),
      write: (_writer, _work, signal) =>
        new Promise((_, reject) => {
          reached.resolve();
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
    };
    const { consumer, failures } = newConsumer(store, hanging);
    await consumer.start();
    await reached.promise;
    await consumer.stop();
    expect(failures).toEqual([]);
    expect(await waiting(store)).toBe(2);
    // The turn was given back.
    expect(await newConsumer(store, graph).consumer.runOnce()).toBe('caught_up');
  });

  test('what a slow database cannot write at once is written in smaller parts', async () => {
    await tell(store, [...story(6), ...story(6)]);
    const written: number[] = [];
    const slow: Graph = {
      ...between(graph, () => undefined),
      async write(writer, work, signal) {
        const result = await graph.write(
          writer,
          async (transaction) => {
            const outcomes = await work(transaction);
            if (Array.isArray(outcomes) && outcomes.length > 3) throw down();
            return outcomes;
          },
          signal,
        );
        written.push(Array.isArray(result) ? result.length : 0);
        return result;
      },
    };
    const { consumer, failures } = newConsumer(store, slow, { batchSize: 12 });
    await consumer.start();
    await eventually(async () => expect(await waiting(store)).toBe(0));
    await consumer.stop();
    expect(failures).toEqual(['graph_unavailable', 'graph_unavailable']); // 12 and 6 were too many
    expect(written).toEqual([3, 3, 3, 3]);
  });
});

describe('what cannot be applied', () => {
  test('is left out without holding up what stands behind it', async () => {
    const [good, broken, gone] = [story(2), story(2), story(2)];
    await append(store, { kind: 'patch' });
    await append(store, { kind: 'rename', world_id: 'w' });
    await append(store, { ...gone[1]!.fields, patch: '{"not": "a patch"}', version: '2.5' });
    await tell(store, broken);
    const key = store.keys.world(broken[0]!.world.world_id);
    await redis.hset(key, { version: 2, data: 'not even JSON' });
    await tell(store, good);
    const { consumer, outcomes, lines } = newConsumer(store, graph, { batchSize: 100 });
    expect(await consumer.runOnce()).toBe('caught_up');
    expect(outcomes).toEqual(['refused', 'refused', 'orphaned', 'refused', 'refused', 'healed', 'skipped']);
    expect(await waiting(store)).toBe(0);
    expect(await versionOf(good)).toBe(2);
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('not even JSON');
  });

  test('by the judgement of the database is found one by one, and copied whole with its next change', async () => {
    const [good, odd] = [story(3), story(3)];
    const oddId = odd[0]!.world.world_id;
    let isRefusing = true;
    const picky: Graph = {
      ...between(graph, () => undefined),
      write: (writer, work, signal) =>
        graph.write(
          writer,
          (transaction) =>
            work({
              worlds: (ids) => transaction.worlds(ids),
              async change(rows) {
                if (isRefusing && rows.worlds.some(({ world }) => world === oddId)) {
                  throw new FleetError({
                    code: 'graph_refused',
                    kind: 'internal',
                    retryable: false,
                    message: 'Neo4j will not take this change (Neo.ClientError.Statement.TypeError)',
                  });
                }
                return transaction.change(rows);
              },
            }),
          signal,
        ),
    };
    await tell(store, shuffled(good, odd.slice(0, 2)));
    const { consumer, outcomes } = newConsumer(store, picky, { batchSize: 10 });
    expect(await consumer.runOnce()).toBe('caught_up');
    expect(outcomes.filter((one) => one === 'refused')).toHaveLength(2);
    expect([await versionOf(good), await versionOf(odd)]).toEqual([3, undefined]);
    isRefusing = false;
    await tell(store, odd.slice(2));
    await consumer.runOnce();
    expect(await versionOf(odd)).toBe(3);
  });

  test('because Redis is away for a moment is applied later', async () => {
    const told = story(2);
    await tell(store, told);
    let isAway = true;
    const { consumer } = newConsumer(store, graph, {
      async readWorld() {
        if (!isAway) return told[1]!.world;
        throw new FleetError({ code: 'backend_unavailable', kind: 'unavailable', message: 'away' });
      },
    });
    await expect(consumer.runOnce()).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect(await waiting(store)).toBe(2);
    isAway = false;
    await consumer.runOnce();
    expect(await versionOf(told)).toBe(2);
  });
});

test('a graph that was lost is made again, world by world, as they change', async () => {
  const told = story(6);
  await tell(store, told.slice(0, 5));
  const { consumer, outcomes } = newConsumer(store, graph);
  await consumer.runOnce();
  graph.wipe();
  await tell(store, told.slice(5));
  outcomes.length = 0;
  await consumer.runOnce();
  expect(outcomes).toEqual(['healed']);
  expect(await versionOf(told)).toBe(6);
});

test('the changes of a world that is gone from Redis are dropped, and what the graph has of it is forgotten', async () => {
  const told = story(4);
  await tell(store, told.slice(0, 2));
  const { consumer, outcomes } = newConsumer(store, graph);
  await consumer.runOnce();
  const id = told[0]!.world.world_id;
  await redis.del(store.keys.world(id));
  await append(store, told[3]!.fields); // the third was lost
  await append(store, forgetting(id));
  outcomes.length = 0;
  await consumer.runOnce();
  expect(outcomes).toEqual(['orphaned', 'forgotten']);
  expect(await graph.dump(id)).toEqual({ nodes: {}, relations: [] });
  // A new world of the same id begins anew.
  const fresh = { ...firstWorld(id, Date.UTC(2028, 0, 1)), version: 1 };
  await storeWorld(store, fresh);
  await append(store, {
    kind: 'patch',
    world_id: id,
    version: '1',
    patch: '',
    at: String(Date.UTC(2028, 0, 1)),
  });
  await consumer.runOnce();
  expect((await graph.dump(id)).nodes['World/']).toMatchObject({ version: 1, created_at: fresh.created_at });
});
