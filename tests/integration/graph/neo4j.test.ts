import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Neo4jGraph } from '../../../src/graph/neo4j/neo4j-graph.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';
import { seededRandom } from '../../../src/sessions/world/seeded.ts';
import { append, newConsumer, tell, waiting } from '../../support/graph-consumer.ts';
import { chapter, firstWorld, forgetting, randomStory, type Chapter } from '../../support/graph-story.ts';
import { eventually, startHarness } from '../../support/harness.ts';
import { namedNeo4j, RealGraph } from '../../support/neo4j-server.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';
import { tcpGate, type TcpGate } from '../../support/tcp-gate.ts';

// The consumer of the outbox, a real Redis, and the Neo4j that NEO4J_URL names. What only one of the two implementations
// of a graph must do is in tests/conformance/graph.test.ts.

const named = namedNeo4j();
const LONG = 90_000;

describe.skipIf(named === null)('the outbox and a real Neo4j', () => {
  const options = named!;
  let server: TestRedis;
  let redis: RedisClient;
  let store: RedisStore;
  let look: RealGraph;
  const closing: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await acquireRedis();
    redis = await connectRedis({ url: server.url, name: 'test', onOutage: 'fail_fast' });
    look = new RealGraph(options);
  });
  beforeEach(() => {
    store = { redis, keys: createKeys(testPrefix()) };
  });
  afterAll(async () => {
    await Promise.all([look, ...closing].map((one) => one.close()));
    await closeRedis(redis);
    await server.dispose();
  });

  const story = (length: number): Chapter[] => {
    const id = `world_${randomBytes(6).toString('hex')}`;
    return randomStory(id, length, seededRandom('story', id));
  };
  const graphOf = (part: Partial<typeof options> = {}): Neo4jGraph => {
    const graph = new Neo4jGraph({ ...options, ...part });
    closing.push(graph);
    return graph;
  };
  const through = (gate: TcpGate): Partial<typeof options> => ({ url: `bolt://127.0.0.1:${gate.port}` });
  const openGate = (): Promise<TcpGate> => {
    const { hostname, port } = new URL(options.url);
    return tcpGate({ host: hostname, port: Number(port || 7687) });
  };
  const versionOf = async (chapters: readonly Chapter[]): Promise<unknown> =>
    (await look.dump(chapters[0]!.world.world_id)).nodes['World/']?.['version'];

  test(
    'a fleet with neo4j.url brings changes into it, and takes forgotten worlds out',
    { timeout: LONG },
    async () => {
      const settings = {
        'neo4j.url': options.url,
        'neo4j.user': options.user,
        ...(options.password === null ? {} : { 'neo4j.password': options.password }),
      };
      await using h = await startHarness({ redisUrl: server.url, settings });
      const told = story(6);
      await tell(h.core.store, told);
      await eventually(async () => expect(await versionOf(told)).toBe(6), 60_000);
      await append(h.core.store, forgetting(told[0]!.world.world_id));
      await eventually(async () => expect(await waiting(h.core.store)).toBe(0), 60_000);
      expect(await look.dump(told[0]!.world.world_id)).toEqual({ nodes: {}, relations: [] });
      const { body } = await h.metrics.render();
      expect(body).toMatch(/^agent_orchestration_graph_entries_total\{outcome="forgotten"\} 1$/m);
      expect(body).toMatch(/^agent_orchestration_graph_batch_seconds_count [1-9]/m);
    },
  );

  test('what it shows can be asked for in Cypher', { timeout: LONG }, async () => {
    const worldId = `world_${randomBytes(6).toString('hex')}`;
    const walk = chapter(
      firstWorld(worldId),
      [
        { op: 'move_player', direction: 'south' },
        { op: 'move_player', direction: 'east' },
      ],
      Date.UTC(2026, 1, 1),
    )!;
    const meeting = chapter(
      walk.world,
      [
        { op: 'take', object: 'ancient_journal' },
        { op: 'adjust_disposition', npc: 'librarian', delta: 0.25, in_person: true },
      ],
      Date.UTC(2026, 1, 2),
    )!;
    const { world } = meeting;
    const { consumer, outcomes } = newConsumer(store, graphOf());
    await tell(store, [walk]);
    await consumer.runOnce();
    await tell(store, [meeting]);
    await consumer.runOnce();
    expect(outcomes).toEqual(['healed', 'applied']);
    expect([world.player.location_id, world.player.inventory]).toEqual(['library', ['ancient_journal']]);
    expect(world.npcs['librarian']).toMatchObject({ met: true, disposition: expect.any(Number) });
    const ask = async (text: string): Promise<unknown[]> => {
      const rows = await look.rows(text, { world: world.world_id });
      return sorted(rows.map((row) => Object.values(row)));
    };
    expect(await ask('MATCH (:Player {world_id: $world})-[:LOCATED_IN]->(l) RETURN l.id')).toEqual([
      [world.player.location_id],
    ]);
    expect(await ask('MATCH (:Player {world_id: $world})-[:CARRIES]->(o) RETURN o.id')).toEqual(
      sorted(world.player.inventory.map((id) => [id])),
    );
    expect(
      await ask('MATCH (a:Location {world_id: $world})-[c:CONNECTS_TO]->(b) RETURN a.id, c.direction, b.id'),
    ).toEqual(
      sorted(
        Object.entries(world.locations)
          .flatMap(([id, { exits }]) => Object.entries(exits).map(([way, to]) => [id, way, to]))
          .filter(([, , to]) => to !== 'unexplored'),
      ),
    );
    expect(
      await ask('MATCH (c:Character {world_id: $world})-[k:KNOWS]->(:Player) RETURN c.id, k.disposition'),
    ).toEqual(
      sorted(
        Object.entries(world.npcs)
          .filter(([, npc]) => npc.met)
          .map(([id, npc]) => [id, npc.disposition]),
      ),
    );
    expect(await ask('MATCH (e:Event {world_id: $world}) RETURN e.op, e.turn, e.summary')).toEqual(
      sorted(world.events.map(({ op, turn, summary }) => [op, turn, summary])),
    );
  });

  test('every question in docs/graph.md is answered', { timeout: LONG }, async () => {
    await tell(store, story(12));
    await newConsumer(store, graphOf()).consumer.runOnce();
    const guide = readFileSync(new URL('../../../docs/graph.md', import.meta.url), 'utf8');
    const questions = [...guide.matchAll(/^```cypher\n([\s\S]*?)^```/gm)].map(([, text]) => text!);
    expect(questions.length).toBeGreaterThan(2);
    for (const question of questions) expect(await look.rows(question), question).not.toEqual([]);
  });

  test('makes its constraints once', { timeout: LONG }, async () => {
    await graphOf().prepare(new AbortController().signal);
    await graphOf().prepare(new AbortController().signal);
    const rows = await look.rows("SHOW CONSTRAINTS YIELD name WHERE name STARTS WITH 'ao_' RETURN name");
    expect(rows.map(({ name }) => String(name)).toSorted()).toEqual([
      'ao_character',
      'ao_event',
      'ao_location',
      'ao_object',
      'ao_player',
      'ao_world',
      'ao_writer',
    ]);
  });

  test('a connection that breaks in the middle costs nothing but time', { timeout: LONG }, async () => {
    await using gate = await openGate();
    const told = story(40);
    await tell(store, told.slice(0, 1));
    const { consumer, outcomes, failures } = newConsumer(store, graphOf(through(gate)), { batchSize: 2 });
    await consumer.runOnce();
    outcomes.length = 0;
    await tell(store, told.slice(1));
    await consumer.start();
    await eventually(async () => expect(outcomes.length).toBeGreaterThan(3), 60_000);
    await gate.close();
    await eventually(async () => expect(failures.length).toBeGreaterThan(1), 60_000);
    expect(await waiting(store)).toBeGreaterThan(0);
    await gate.open();
    await eventually(async () => expect(await waiting(store)).toBe(0), 60_000);
    await consumer.stop();
    expect(new Set(failures)).toEqual(new Set(['graph_unavailable']));
    expect(await versionOf(told)).toBe(40);
    expect(outcomes.filter((one) => one !== 'applied' && one !== 'skipped')).toEqual([]);
  });

  test(
    'a server that goes silent is given up, and caught up with when it speaks again',
    { timeout: LONG },
    async () => {
      await using gate = await openGate();
      const told = story(6);
      await tell(store, told.slice(0, 3));
      gate.swallow();
      const { consumer, failures } = newConsumer(store, graphOf({ ...through(gate), timeoutMs: 500 }));
      await consumer.start();
      await eventually(async () => expect(failures).toContain('graph_unavailable'), 60_000);
      await consumer.stop();
      await gate.close();
      await gate.open();
      await tell(store, told.slice(3));
      const next = newConsumer(store, graphOf(through(gate)));
      await next.consumer.runOnce();
      expect(await versionOf(told)).toBe(6);
    },
  );

  test(
    'a wrong password keeps everything in the outbox, and is not told to the log',
    { timeout: LONG },
    async () => {
      if (options.password === null) return;
      const told = story(2);
      await tell(store, told);
      const { consumer, failures, lines } = newConsumer(store, graphOf({ password: 'not-the-word' }));
      await consumer.start();
      await eventually(async () => expect(failures).toContain('graph_unavailable'), 60_000);
      await consumer.stop();
      expect(lines.join('')).toContain('Neo.ClientError.Security.Unauthorized');
      expect(lines.join('')).not.toContain('not-the-word');
      expect(await waiting(store)).toBe(2);
      await newConsumer(store, graphOf()).consumer.runOnce();
      expect(await versionOf(told)).toBe(2);
    },
  );

  test('two processes apply every change once', { timeout: LONG }, async () => {
    const stories = Array.from({ length: 3 }, () => story(8));
    await tell(
      store,
      stories.map((one) => one[0]!),
    );
    const two = [graphOf(), graphOf()].map((graph) => newConsumer(store, graph, { batchSize: 4 }));
    await two[0]!.consumer.runOnce();
    for (const { consumer } of two) await consumer.start();
    for (let index = 1; index < 8; index++)
      await tell(
        store,
        stories.map((one) => one[index]!),
      );
    await eventually(async () => expect(await waiting(store)).toBe(0), 60_000);
    await Promise.all(two.map(({ consumer }) => consumer.stop()));
    for (const one of stories) expect(await versionOf(one)).toBe(8);
    const applied = two.flatMap(({ outcomes }) => outcomes).filter((one) => one === 'applied');
    expect(applied).toHaveLength(21);
  });
});

/** Rows in an order of their own. */
function sorted(rows: readonly (readonly unknown[])[]): unknown[] {
  const text = (row: readonly unknown[]): string => JSON.stringify(row);
  return [...rows].toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}
