import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import type { World } from '../../src/contracts/world.ts';
import { applyEntries, type EntryOutcome } from '../../src/graph/apply-entries.ts';
import type { Graph } from '../../src/graph/graph-port.ts';
import { NODE_LABELS } from '../../src/graph/graph-rows.ts';
import type { OutboxEntry } from '../../src/graph/outbox-entry.ts';
import { seededRandom } from '../../src/sessions/world/seeded.ts';
import { chapter, entries, entryOf, firstWorld, forgetting, randomStory } from '../support/graph-story.ts';
import { MemoryGraph, type GraphDump } from '../support/memory-graph.ts';
import { namedNeo4j, RealGraph } from '../support/neo4j-server.ts';

interface TestedGraph extends Graph {
  dump(world: string): Promise<GraphDump>;
}

const named = namedNeo4j();
const IMPLEMENTATIONS: readonly (readonly [string, () => TestedGraph, number])[] = [
  ['in memory', () => new MemoryGraph(), 20],
  ...(named === null ? [] : [['Neo4j', () => new RealGraph(named), 4] as const]),
];

const never = new AbortController().signal;

describe.each(IMPLEMENTATIONS)('a graph %s', (_, open, stories) => {
  const graph = open();
  afterAll(() => graph.close());
  const writer = { name: `w${randomBytes(4).toString('hex')}`, epoch: 1 };
  const newId = (): string => `world_${randomBytes(6).toString('hex')}`;

  /** One transaction; `world` is what stands in Redis. */
  const apply = (list: readonly OutboxEntry[], world: World | null, by = writer): Promise<EntryOutcome[]> =>
    graph.write(by, (transaction) => applyEntries(transaction, list, async () => world), never);
  /** The graph of a world that was copied whole, under another id. */
  const whole = async (world: World): Promise<GraphDump> => {
    const copy = { ...world, world_id: newId() };
    await apply(entries([entryOf(copy, copy, 1).fields]), copy);
    const dump = await graph.dump(copy.world_id);
    await apply(entries([forgetting(copy.world_id)]), null);
    return dump;
  };

  test('can be prepared again and again', async () => {
    await graph.prepare(never);
    await graph.prepare(never);
  });

  test(
    `shows the same after every patch of ${stories} random stories as after copying the whole world`,
    { timeout: 120_000 },
    async () => {
      for (let seed = 0; seed < stories; seed++) {
        const id = newId();
        const random = seededRandom('graph', seed);
        const story = randomStory(id, 12, random);
        await apply(entries([entryOf(firstWorld(id), firstWorld(id), 1).fields]), firstWorld(id));
        for (let from = 0; from < story.length;) {
          const part = story.slice(from, from + 1 + Math.floor(random() * 4));
          const outcomes = await apply(entries(part.map(({ fields }) => fields)), null);
          expect(outcomes, `story ${seed}`).toEqual(part.map(() => 'applied'));
          from += part.length;
          expect(content(await graph.dump(id)), `story ${seed} after ${from}`).toEqual(
            content(await whole(part.at(-1)!.world)),
          );
        }
      }
    },
  );

  test('stays as it is when patches come again, together or one by one, in any order', async () => {
    const id = newId();
    const story = randomStory(id, 8, seededRandom('again', 1));
    const all = entries(story.map(({ fields }) => fields));
    const last = story.at(-1)!.world;
    expect(await apply(all, last)).toEqual(['healed', ...all.slice(1).map(() => 'skipped')]);
    const before = await graph.dump(id);
    for (const one of all.toReversed()) expect(await apply([one], last)).toEqual(['skipped']);
    expect(await apply(all, last)).toEqual(all.map(() => 'skipped'));
    expect(await graph.dump(id)).toEqual(before);
  });

  test('takes the whole world where a version is missing, and goes on with patches from there', async () => {
    const id = newId();
    const story = randomStory(id, 6, seededRandom('gap', 1));
    const [a, , c, d, e, f] = entries(story.map(({ fields }) => fields)) as [
      OutboxEntry,
      OutboxEntry,
      OutboxEntry,
      OutboxEntry,
      OutboxEntry,
      OutboxEntry,
    ];
    await apply([a], story[0]!.world);
    expect(await apply([c, d], story[3]!.world)).toEqual(['healed', 'skipped']);
    expect(await apply([e, f], null)).toEqual(['applied', 'applied']);
    expect(content(await graph.dump(id))).toEqual(content(await whole(story[5]!.world)));
  });

  test('forgets a world completely, and no other', async () => {
    const [gone, kept] = [newId(), newId()];
    for (const id of [gone, kept]) {
      const story = randomStory(id, 5, seededRandom('forget', id));
      await apply(entries([story.at(-1)!.fields]), story.at(-1)!.world);
    }
    const before = await graph.dump(kept);
    expect(await apply(entries([forgetting(gone)]), null)).toEqual(['forgotten']);
    expect(await graph.dump(gone)).toEqual({ nodes: {}, relations: [] });
    expect(await graph.dump(kept)).toEqual(before);
    expect(Object.keys(before.nodes)).toEqual(
      expect.arrayContaining(['World/', 'Player/player', 'Location/library', 'Character/wise_elder']),
    );
  });

  test('begins anew with a world that was made again under the id of an expired one', async () => {
    const id = newId();
    const old = randomStory(id, 9, seededRandom('expired', 1)).at(-1)!;
    await apply(entries([old.fields]), old.world);
    const later = Date.UTC(2027, 0, 1);
    const fresh = chapter(firstWorld(id, later), [{ op: 'move_player', direction: 'north' }], later + 1)!;
    expect(await apply(entries([fresh.fields]), fresh.world)).toEqual(['healed']);
    expect(content(await graph.dump(id))).toEqual(content(await whole(fresh.world)));
  });

  test('refuses whoever wrote before a later writer did, also in the middle of the work', async () => {
    const id = newId();
    const [first, second] = randomStory(id, 2, seededRandom('late', 1)) as [
      { world: World; fields: Record<string, string> },
      { world: World; fields: Record<string, string> },
    ];
    const name = `w${randomBytes(4).toString('hex')}`;
    await apply(entries([first.fields]), first.world, { name, epoch: 8 });
    await expect(apply(entries([second.fields]), null, { name, epoch: 7 })).rejects.toMatchObject({
      code: 'graph_superseded',
    });
    expect((await graph.dump(id)).nodes['World/']).toMatchObject({ version: 1 });
    // Two at once: whichever comes first, the older one never has the last word.
    await Promise.allSettled([
      apply(entries([forgetting(id)]), null, { name, epoch: 10 }),
      apply(entries([second.fields]), second.world, { name, epoch: 9 }),
    ]);
    expect(await graph.dump(id)).toEqual({ nodes: {}, relations: [] });
  });

  test('shows nothing of a transaction whose work fails', async () => {
    const id = newId();
    const [first] = randomStory(id, 1, seededRandom('fails', 1));
    const work = graph.write(
      writer,
      async (transaction) => {
        await applyEntries(transaction, entries([first!.fields]), async () => first!.world);
        throw new Error('the process changed its mind');
      },
      never,
    );
    await expect(work).rejects.toThrow();
    expect(await graph.dump(id)).toEqual({ nodes: {}, relations: [] });
  });

  test('holds nothing but primitive values', async () => {
    const id = newId();
    const last = randomStory(id, 12, seededRandom('primitive', 1)).at(-1)!;
    await apply(entries([last.fields]), last.world);
    const { nodes } = await graph.dump(id);
    const types = new Set(
      Object.values(nodes).flatMap((node) => Object.values(node).map((value) => typeof value)),
    );
    expect([...types].toSorted()).toEqual(['boolean', 'number', 'string']);
    for (const label of NODE_LABELS) {
      expect(
        Object.keys(nodes).some((key) => key.startsWith(`${label}/`)),
        label,
      ).toBe(true);
    }
  });
});

/** What must be the same whichever way the graph came there: events are numbered from where the graph began. */
function content({ nodes, relations }: GraphDump): unknown {
  const events: [number, unknown][] = [];
  const others: Record<string, unknown> = {};
  for (const [key, node] of Object.entries(nodes)) {
    if (key.startsWith('Event/')) events.push([Number(key.slice('Event/'.length)), node]);
    else others[key] = node;
  }
  const { applied_at: _, first_event: first, next_event: next, ...world } = nodes['World/']!;
  expect(Number(next) - Number(first)).toBe(events.length);
  return {
    others: { ...others, 'World/': world },
    events: events.toSorted(([a], [b]) => a - b).map(([, node]) => node),
    relations,
  };
}
