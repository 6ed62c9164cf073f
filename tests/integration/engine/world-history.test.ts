import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { World } from '../../../src/contracts/world.ts';
import { undoWorldPatch, type WorldPatch } from '../../../src/sessions/world/world-patch.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

type Fields = Record<string, string>;

async function entriesOf(h: Harness, key: string): Promise<Fields[]> {
  const entries = await h.core.store.redis.xrange(key, '-', '+');
  return entries.map(([, flat]) => {
    const pairs = flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!]] : []));
    return Object.fromEntries(pairs) as Fields;
  });
}

const NOTHING = {
  player: { location_id: '', came_from: null, inventory: [], visited: [], flags: {} },
  locations: {},
  objects: {},
  npcs: {},
  facts: [],
  events: [],
};

/** What somebody makes of an after-image: the new value of every place that changed. */
function applyAfterImage(copy: Record<string, unknown>, { changes }: WorldPatch): void {
  for (const change of changes) {
    const at = change.path.slice(0, -1).reduce((node, name) => node[name] as typeof copy, copy);
    if ('before' in change) at[change.path.at(-1)!] = change.before;
    else delete at[change.path.at(-1)!];
  }
}

describe('every accepted patch', () => {
  test('is noted in the history of its world with what takes it back, and lives as long as it', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession('w_told');
    const first = (await h.play(sessionId, 'go north')).workflow_metadata.run_id;
    const before = (await h.worldOf(sessionId))!;
    await h.play(sessionId, 'look');
    const third = (await h.play(sessionId, 'go south then talk to the elder, I feel sad')).workflow_metadata;
    const { redis: client, keys } = h.core.store;
    const history = await entriesOf(h, keys.worldHistory('w_told'));
    expect(history.map(({ version, run_id, step }) => [version, run_id, step])).toEqual([
      ['1', first, 'wba'],
      ['2', third.run_id, 'wba'],
    ]);
    expect(JSON.parse(history[0]!['ops']!)).toEqual([
      { op: 'move_player', direction: 'north', to_id: 'mountain_path' },
    ]);
    expect(Number(history[1]!['at'])).toBeGreaterThan(0);
    const undone = undoWorldPatch((await h.worldOf(sessionId))!, JSON.parse(history[1]!['undo']!));
    expect(undone).toEqual({ ...before, version: undone!.version });
    expect(JSON.stringify(history)).not.toMatch(/sad|talk/);
    expect(await client.exists(keys.worldOutbox())).toBe(0);
    const lives = await Promise.all(
      [keys.world('w_told'), keys.worldHistory('w_told')].map((key) => client.pttl(key)),
    );
    expect(Math.abs(lives[0]! - lives[1]!)).toBeLessThan(5_000);
    expect(lives[1]).toBeGreaterThan(0);
  });

  test('reaches the outbox where there is one, also when it is a rollback, so that a copy stays equal', async () => {
    await using h = await startHarness({ redisUrl: redis.url, hasWorldOutbox: true });
    const sessionId = await h.newSession('w_copied');
    await h.play(sessionId, 'go south');
    const moved = await h.play(sessionId, 'go east then take the journal');
    await h.operations.rollbackRun(moved.workflow_metadata.run_id, {}, LOCAL_OPERATOR);
    await h.play(sessionId, 'talk to the elder');
    const { keys } = h.core.store;
    const outbox = await entriesOf(h, keys.worldOutbox());
    expect(outbox.map(({ kind, world_id, version }) => [kind, world_id, version])).toEqual(
      ['1', '2', '3', '4'].map((version) => ['patch', 'w_copied', version]),
    );
    const copy: Record<string, unknown> = structuredClone(NOTHING);
    for (const { patch } of outbox) applyAfterImage(copy, JSON.parse(patch!) as WorldPatch);
    const world = (await h.worldOf(sessionId))!;
    const { player, locations, objects, npcs, facts } = world;
    expect({ ...copy, events: [] }).toEqual({ player, locations, objects, npcs, facts, events: [] });
    expect(World.parse({ ...world, ...copy, events: world.events })).toEqual(world);
    const history = await entriesOf(h, keys.worldHistory('w_copied'));
    expect(history[2]).toMatchObject({ version: '3', step: 'wba', ops: '[{"op":"undo"}]' });
  });

  test('is remembered among the newest 500 only', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession('w_long');
    const { redis: client, keys } = h.core.store;
    await h.play(sessionId, 'go south');
    const filler = client.pipeline();
    for (let i = 0; i < 520; i++) filler.xadd(keys.worldHistory('w_long'), '*', 'version', 'old');
    await filler.exec();
    await h.play(sessionId, 'go north');
    expect(await client.xlen(keys.worldHistory('w_long'))).toBe(500);
  });

  test('of a world that begins anew finds no history of an earlier one', async () => {
    await using h = await startHarness({ redisUrl: redis.url });
    const sessionId = await h.newSession('w_again');
    const { redis: client, keys } = h.core.store;
    await h.play(sessionId, 'go south');
    await client.del(keys.world('w_again'));
    await h.play(sessionId, 'go north');
    const history = await entriesOf(h, keys.worldHistory('w_again'));
    expect(history.map(({ version }) => version)).toEqual(['1']);
  });
});
