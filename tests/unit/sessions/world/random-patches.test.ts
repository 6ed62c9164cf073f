import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REJECTION_CODES, World, WorldOperation } from '../../../../src/contracts/world.ts';
import { DIRECTIONS } from '../../../../src/contracts/world-view.ts';
import { applyOperations } from '../../../../src/sessions/world/operations.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';
import { rewindWorld, worldPatch, type WorldPatch } from '../../../../src/sessions/world/world-patch.ts';
import { encodeWorld, MAX_WORLD_BYTES } from '../../../../src/sessions/world-codec.ts';

const NOW = '2026-01-01T00:00:00.000Z';

const THINGS = [
  'ancient_journal',
  'journal',
  'fountain',
  'meditation_stone',
  'the stream',
  'sword',
  'pebble',
  'key',
];
const PEOPLE = ['wise_elder', 'elder', 'the merchant', 'librarian', 'goblin', 'fountain'];
const PLACES = ['library', 'the village', 'forest_clearing', 'mountain path', 'atlantis'];

const object = fc.constantFrom(...THINGS);
const npc = fc.constantFrom(...PEOPLE);
const direction = fc.constantFrom(...DIRECTIONS);
const id = fc.constantFrom('lamp', 'hermit', 'tower', 'library', 'wise_elder', 'unexplored_2');
const operation: fc.Arbitrary<WorldOperation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('move_player' as const), direction }) },
  fc.record({ op: fc.constant('move_player' as const), to: fc.constantFrom(...PLACES) }),
  { weight: 2, arbitrary: fc.record({ op: fc.constant('take' as const), object }) },
  fc.record({
    op: fc.constantFrom('drop' as const, 'use' as const, 'open' as const, 'close' as const),
    object,
  }),
  fc.record({ op: fc.constant('give' as const), object, npc }),
  fc.record({
    op: fc.constant('adjust_disposition' as const),
    npc,
    delta: fc.constantFrom(-1, -0.3, 0.01, 1),
    in_person: fc.boolean(),
  }),
  fc.record({ op: fc.constant('set_flag' as const), flag: id, value: fc.boolean() }),
  fc.record({ op: fc.constant('add_fact' as const), text: fc.constantFrom('one', 'two'), npc }),
  fc.record({
    op: fc.constant('link' as const),
    from: fc.constantFrom(...PLACES),
    direction,
    to: fc.constantFrom(...PLACES),
  }),
  fc.record({
    op: fc.constant('add_object' as const),
    id,
    name: id,
    description: fc.constant('A thing.'),
    openable: fc.boolean(),
  }),
  fc.record({
    op: fc.constant('add_npc' as const),
    id,
    name: id,
    description: fc.constant('One.'),
    mood: fc.constant('calm'),
  }),
  fc.constant({ op: 'advance_turn' as const }),
);
const patches = fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 20,
});

function assertSound(world: World): void {
  World.parse(world);
  const places = Object.values(world.locations);
  const held = [
    ...places.flatMap(({ objects }) => objects),
    ...world.player.inventory,
    ...Object.values(world.npcs).flatMap(({ carries }) => carries),
  ];
  // Every thing is in exactly one place, and so is every person.
  expect(held.toSorted()).toEqual(Object.keys(world.objects).toSorted());
  expect(places.flatMap(({ npcs }) => npcs).toSorted()).toEqual(Object.keys(world.npcs).toSorted());
  viewOf(world);
}

describe('whatever is done to a world', () => {
  test('it stays sound, counts one version per patch, and refuses with a known code what it cannot do', () => {
    fc.assert(
      fc.property(patches, (list) => {
        let world = createStarterWorld('w_random', NOW);
        for (const operations of list) {
          const { next, applied, rejected } = applyOperations(world, operations, NOW);
          const counts = operations.filter(({ op }) => op === 'advance_turn').length;
          expect(applied.length + rejected.length + counts).toBe(operations.length);
          expect(next === null).toBe(applied.length === 0 && counts === 0);
          for (const { code, message } of rejected) {
            expect(REJECTION_CODES).toContain(code);
            expect(message.length).toBeGreaterThan(5);
          }
          if (next === null) continue;
          expect(next.version).toBe(world.version + 1);
          assertSound(next);
          world = next;
        }
      }),
      { numRuns: 80 },
    );
  });

  test('its patches taken back, newest first, lead to the beginning', () => {
    fc.assert(
      fc.property(patches, (list) => {
        const beginning = createStarterWorld('w_random', NOW);
        let world = beginning;
        const newestFirst: WorldPatch[] = [];
        for (const operations of list) {
          const { next } = applyOperations(world, operations, NOW);
          if (next === null) continue;
          newestFirst.unshift(JSON.parse(JSON.stringify(worldPatch(world, next))) as WorldPatch);
          world = next;
        }
        expect(rewindWorld(world, newestFirst)).toEqual({ ...beginning, version: world.version });
      }),
      { numRuns: 80 },
    );
  });
});

test('a world that would be too large to be stored is refused with its size', () => {
  let world = createStarterWorld('w_large', NOW);
  for (let n = 0; n < 40; n++) {
    const add = Array.from({ length: 20 }, (_, i) =>
      WorldOperation.parse({
        op: 'add_object',
        id: `crate_${n}_${i}`,
        name: `crate ${n} ${i}`,
        description: 'x'.repeat(600),
      }),
    );
    world = applyOperations(world, add, NOW).next!;
  }
  expect(() => encodeWorld(world)).toThrow(
    expect.objectContaining({
      code: 'world_too_large',
      kind: 'invalid_input',
      message: expect.stringMatching(new RegExp(`takes? \\d+ bytes; at most ${MAX_WORLD_BYTES}`)) as string,
    }),
  );
});
