import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNEXPLORED, World, type WorldOperation } from '../../../../src/contracts/world.ts';
import { DIRECTIONS, EntityId, type Direction } from '../../../../src/contracts/world-view.ts';
import { OPPOSITE } from '../../../../src/sessions/world/explore.ts';
import { applyOperations } from '../../../../src/sessions/world/operations.ts';
import { LANDS, terrainOf, terrainsBeyond } from '../../../../src/sessions/world/places/lands.ts';
import { TERRAINS } from '../../../../src/sessions/world/places/land.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { MAX_WORLD_BYTES } from '../../../../src/sessions/world-codec.ts';

const NOW = '2026-01-01T00:00:00.000Z';

function walk(world: World, steps: readonly Direction[], now = NOW): World {
  let at = world;
  for (const direction of steps) {
    at = applyOperations(at, [{ op: 'move_player', direction }], now).next ?? at;
  }
  return at;
}

/** Walks through every way there is, until none is unexplored. */
function exploreAll(worldId: string): World {
  let world = createStarterWorld(worldId, NOW);
  for (;;) {
    const open = Object.entries(world.locations).flatMap(([id, { exits }]) =>
      DIRECTIONS.filter((way) => exits[way] === UNEXPLORED).map((way) => [id, way] as const),
    )[0];
    if (open === undefined) return world;
    // Whoever makes worlds may put the player anywhere.
    const there = { ...world, player: { ...world.player, location_id: open[0] } };
    world = applyOperations(there, [{ op: 'move_player', direction: open[1] }], NOW).next!;
  }
}

function assertConsistent(world: World): void {
  World.parse(world);
  for (const [id, place] of Object.entries(world.locations)) {
    EntityId.parse(id);
    for (const way of DIRECTIONS) {
      const to = place.exits[way];
      if (to === undefined || to === UNEXPLORED) continue;
      expect(world.locations[to]?.exits[OPPOSITE[way]], `${id} ${way}`).toBe(id);
    }
    for (const thing of place.objects) expect(world.objects[thing], thing).toBeDefined();
    for (const person of place.npcs) expect(world.npcs[person], person).toBeDefined();
  }
  const ids = [world.locations, world.objects, world.npcs].flatMap((entities) => Object.keys(entities));
  expect(new Set(ids).size).toBe(ids.length);
}

describe('walking off the map', () => {
  test('leaves a consistent world wherever one goes: every way leads somewhere, and back again', () => {
    const steps = fc.array(fc.constantFrom(...DIRECTIONS), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.stringMatching(/^w_[a-z0-9]{1,12}$/), steps, (worldId, way) => {
        assertConsistent(walk(createStarterWorld(worldId, NOW), ['north', 'north', ...way]));
      }),
      { numRuns: 60 },
    );
  });

  test('gives the same world for the same id and the same steps, apart from the time', () => {
    const steps = fc.array(fc.constantFrom(...DIRECTIONS), { maxLength: 40 });
    fc.assert(
      fc.property(fc.stringMatching(/^w_[a-z0-9]{1,12}$/), steps, (worldId, way) => {
        const path: Direction[] = ['north', 'north', ...way];
        const later = '2030-05-05T05:05:05.005Z';
        const once = walk(createStarterWorld(worldId, NOW), path);
        const again = walk(createStarterWorld(worldId, later), path, later);
        expect(JSON.parse(JSON.stringify(again).replaceAll(later, NOW))).toEqual(
          JSON.parse(JSON.stringify(once)),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('gives different worlds for different ids', () => {
    const places = ['w_a', 'w_b', 'w_c', 'w_d', 'w_e', 'w_f'].map(
      (id) => walk(createStarterWorld(id, NOW), ['north', 'north']).player.location_id,
    );
    expect(new Set(places).size).toBeGreaterThan(3);
  });

  test('comes to an end before the world is too large, and no two places, things or people share a name', () => {
    const world = exploreAll('w_everything');
    assertConsistent(world);
    const places = Object.values(world.locations);
    expect(places.length).toBeGreaterThan(120);
    expect(Buffer.byteLength(JSON.stringify(world))).toBeLessThan(MAX_WORLD_BYTES * 0.9);
    for (const entities of [world.locations, world.objects, world.npcs]) {
      const names = Object.values(entities).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
    // Every place has a description of its own for a long time.
    const early = places.slice(0, 60).map(({ description }) => description);
    expect(new Set(early).size).toBe(60);
  });

  test('follows on: what lies beyond a mountain is mostly high, beyond a cave mostly below', () => {
    const mountain = createStarterWorld('w', NOW).locations['mountain_path']!;
    expect(terrainOf(mountain)).toBe('heights');
    const beyond = Array.from({ length: 200 }, (_, n) => {
      const world = walk(createStarterWorld(`w_${n}`, NOW), ['north', 'north']);
      return terrainOf(world.locations[world.player.location_id]!);
    });
    const high = beyond.filter((terrain) => terrain === 'heights' || terrain === 'moor').length;
    expect(high).toBeGreaterThan(120);
    expect(terrainsBeyond('underground', 'down')).toEqual(['underground']);
    expect(terrainsBeyond('woods', 'in')).toEqual(['underground']);
  });

  test('tells which terrain a place belongs to by its names, also of places others have made', () => {
    for (const terrain of TERRAINS) {
      for (const kind of LANDS[terrain].kinds) {
        for (const name of kind.names) {
          expect(terrainOf({ name: kind.nouns[0], aliases: [name] }), name).toBe(terrain);
        }
      }
    }
    expect(terrainOf({ name: 'Old Harbour', aliases: [] })).toBe('shore');
    expect(terrainOf({ name: 'the nowhere', aliases: [] })).toBeUndefined();
  });
});

describe('the words places are made of', () => {
  const kinds = TERRAINS.flatMap((terrain) => LANDS[terrain].kinds);
  const things = TERRAINS.flatMap((terrain) => [
    ...LANDS[terrain].keepsakes,
    ...LANDS[terrain].kinds.flatMap((kind) => kind.fixtures),
  ]);

  test('are used once: names, sentences and things belong to one kind only', () => {
    for (const list of [
      kinds.flatMap(({ names }) => names),
      kinds.flatMap(({ openings, details }) => [...openings, ...details]),
      TERRAINS.flatMap((terrain) => LANDS[terrain].airs),
      things.map(({ name }) => name),
      TERRAINS.flatMap((terrain) => LANDS[terrain].people.map(({ name }) => name)),
    ]) {
      expect(list.filter((word, i) => list.indexOf(word) !== i)).toEqual([]);
    }
  });

  test('read well: whole sentences, names that go behind "the", uses in the second person', () => {
    const sentences = [
      ...kinds.flatMap(({ openings, details }) => [...openings, ...details]),
      ...TERRAINS.flatMap((terrain) => LANDS[terrain].airs),
      ...things.flatMap(({ description, use }) => [description, use]),
    ];
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].{20,160}\.$/);
    for (const { use } of things) expect(use).toMatch(/^You /);
    for (const { names } of kinds) {
      for (const name of names) expect(name).toMatch(/^(?!the |a )[a-z][a-z -]{4,40}$/);
    }
    expect(
      sentences.filter((sentence) => /\b(?:should|must|remember to|your true|journey)\b/i.test(sentence)),
    ).toEqual([]);
  });
});

test('operations that name a place nobody has made are refused as before', () => {
  const operations: WorldOperation[] = [{ op: 'move_player', direction: 'up' }];
  const { next, rejected } = applyOperations(createStarterWorld('w', NOW), operations, NOW);
  expect(next).toBeNull();
  expect(rejected[0]?.code).toBe('no_exit');
});
