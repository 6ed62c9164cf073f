import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { World, type WorldOperation } from '../../../../src/contracts/world.ts';
import { applyOperations } from '../../../../src/sessions/world/operations.ts';
import { createStarterWorld } from '../../../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../../../src/sessions/world/view.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-01T00:00:01.000Z';

function worldAt(location: string, inventory: string[] = []): World {
  const world = createStarterWorld('w', NOW);
  for (const place of Object.values(world.locations)) {
    place.objects = place.objects.filter((id) => !inventory.includes(id));
  }
  return { ...world, player: { ...world.player, location_id: location, inventory } };
}
const run = (world: World, ...operations: WorldOperation[]) => applyOperations(world, operations, LATER);

describe('the starter world', () => {
  it('is version 0, in the forest clearing, and the same for the same id', () => {
    const world = createStarterWorld('w', NOW);
    expect(world).toMatchObject({ version: 0, turn: 0, player: { location_id: 'forest_clearing' } });
    expect(createStarterWorld('w', NOW)).toEqual(world);
    expect(createStarterWorld('v', NOW).seed).not.toBe(world.seed);
  });

  it('lets only the ancient journal be carried', () => {
    const portable = Object.entries(createStarterWorld('w', NOW).objects).filter(
      ([, object]) => object.portable,
    );
    expect(portable.map(([id]) => id)).toEqual(['ancient_journal']);
  });

  it('is joined as the specification draws it', () => {
    const { locations } = createStarterWorld('w', NOW);
    expect(Object.fromEntries(Object.entries(locations).map(([id, place]) => [id, place.exits]))).toEqual({
      forest_clearing: { north: 'mountain_path', south: 'village_center' },
      village_center: { north: 'forest_clearing', east: 'library' },
      library: { west: 'village_center' },
      mountain_path: { south: 'forest_clearing', north: 'unexplored' },
    });
  });
});

describe('refusals', () => {
  const closed: WorldOperation = { op: 'use', object: 'ancient_journal' };
  it.each<[string, World, WorldOperation]>([
    ['no_exit', worldAt('library'), { op: 'move_player', direction: 'north' }],
    ['no_exit', worldAt('library'), { op: 'move_player', to: 'mountain path' }],
    ['not_here', worldAt('forest_clearing'), { op: 'take', object: 'journal' }],
    ['unknown_entity', worldAt('forest_clearing'), { op: 'take', object: 'crystal dragon' }],
    ['not_portable', worldAt('village_center'), { op: 'take', object: 'fountain' }],
    ['not_portable', worldAt('village_center'), { op: 'take', object: 'wise elder' }],
    ['not_carried', worldAt('library'), { op: 'drop', object: 'ancient_journal' }],
    ['already_carried', worldAt('library', ['ancient_journal']), { op: 'take', object: 'journal' }],
    ['closed', worldAt('library'), closed],
    ['not_suitable', worldAt('library'), { op: 'open', object: 'chair' }],
    ['already_closed', worldAt('library'), { op: 'close', object: 'journal' }],
    ['not_here', worldAt('library', ['ancient_journal']), { op: 'give', object: 'journal', npc: 'elder' }],
    ['not_here', worldAt('library'), { op: 'adjust_disposition', npc: 'elder', delta: 0.1, in_person: true }],
    [
      'not_suitable',
      worldAt('village_center'),
      { op: 'adjust_disposition', npc: 'fountain', delta: 0.1, in_person: true },
    ],
    ['already_exists', worldAt('library'), { op: 'add_object', id: 'fountain', name: 'x', description: '' }],
    [
      'already_exists',
      worldAt('library'),
      { op: 'link', from: 'library', direction: 'west', to: 'mountain_path' },
    ],
    ['unknown_entity', worldAt('library'), { op: 'link', from: 'library', direction: 'up', to: 'attic' }],
  ])('%s leaves the world as it was', (code, world, operation) => {
    const before = structuredClone(world);
    const result = run(world, operation);
    expect(result.rejected).toMatchObject([{ index: 0, op: operation.op, code }]);
    expect(result.rejected[0]?.message).not.toBe('');
    expect(result.next).toBeNull();
    expect(world).toEqual(before);
  });
});

describe('a patch', () => {
  it('counts one version and one turn, however many operations it holds', () => {
    const { next, applied } = run(
      worldAt('library'),
      { op: 'take', object: 'journal' },
      { op: 'open', object: 'journal' },
    );
    expect(next).toMatchObject({ version: 1, turn: 1, updated_at: LATER });
    expect(applied.map((done) => [done.index, done.op])).toEqual([
      [0, 'take'],
      [1, 'open'],
    ]);
  });

  it('judges each operation on the world the ones before it left, and goes on after a refusal', () => {
    const result = run(
      worldAt('village_center'),
      { op: 'take', object: 'journal' },
      { op: 'move_player', to: 'library' },
      { op: 'take', object: 'journal' },
    );
    expect(result.rejected.map((refused) => [refused.index, refused.code])).toEqual([[0, 'not_here']]);
    expect(result.next?.player).toMatchObject({ location_id: 'library', inventory: ['ancient_journal'] });
  });

  it('does not list advance_turn among what was applied', () => {
    const result = run(worldAt('library'), { op: 'advance_turn' });
    expect(result.applied).toEqual([]);
    expect(result.next).toMatchObject({ version: 1, turn: 1 });
  });

  it('adds twenty hundredths of friendliness to a fifth', () => {
    let world = worldAt('forest_clearing');
    for (let i = 0; i < 20; i++)
      world = run(world, { op: 'adjust_disposition', npc: 'wise_elder', delta: 0.01 }).next ?? world;
    expect(world.npcs['wise_elder']?.disposition).toBe(0.2);
    expect(world.npcs['wise_elder']?.met).toBe(false);
  });

  it('hands a gift over for good', () => {
    const { next } = run(worldAt('village_center', ['ancient_journal']), {
      op: 'give',
      object: 'journal',
      npc: 'elder',
    });
    expect(next?.player.inventory).toEqual([]);
    expect(next?.npcs['wise_elder']).toMatchObject({ carries: ['ancient_journal'], met: true });
    expect(next?.npcs['friendly_merchant']?.carries).toEqual([]);
  });

  it('builds places, ways, things and people', () => {
    const { next, rejected } = run(
      worldAt('library'),
      {
        op: 'add_location',
        id: 'attic',
        name: 'attic',
        description: 'Dust and rafters.',
        theme: 'wonder',
        mood: 'hushed',
      },
      { op: 'link', from: 'library', direction: 'up', to: 'attic' },
      { op: 'link', from: 'attic', direction: 'down', to: 'library' },
      { op: 'move_player', direction: 'up' },
      { op: 'add_object', id: 'kite', name: 'kite', description: 'Paper and string.' },
      { op: 'add_npc', id: 'cat', name: 'grey cat', description: 'A cat.', mood: 'aloof' },
      { op: 'set_mood', mood: 'cosy' },
      { op: 'add_fact', text: 'The attic has a cat.' },
      { op: 'set_flag', flag: 'attic_found', value: true },
      { op: 'take', object: 'kite' },
    );
    expect(rejected).toEqual([]);
    expect(viewOf(World.parse(next))).toMatchObject({
      location: { id: 'attic', mood: 'cosy' },
      inventory: [{ id: 'kite' }],
      npcs: [{ id: 'cat' }],
      came_from: 'library',
    });
  });

  it('keeps the last fifty events and two hundred facts', () => {
    let world = worldAt('library');
    for (let i = 0; i < 220; i++) world = run(world, { op: 'add_fact', text: `fact ${i}` }).next ?? world;
    expect(world.facts).toHaveLength(200);
    expect(world.events).toHaveLength(50);
    expect(world.facts.at(-1)).toBe('fact 219');
  });
});

describe('the unexplored', () => {
  const north: WorldOperation = { op: 'move_player', direction: 'north' };

  it('becomes the same place for the same world and steps', () => {
    const once = run(worldAt('mountain_path'), north);
    expect(run(worldAt('mountain_path'), north)).toEqual(once);
    expect(once.applied[0]).toMatchObject({ discovered: true, first_visit: true });
    expect(once.next?.locations['mountain_path']?.exits.north).toBe(once.next?.player.location_id);
  });

  it('leads back where one came from, and further on', () => {
    const { next } = run(worldAt('mountain_path'), north);
    const exits = viewOf(World.parse(next)).location.exits;
    expect(exits).toContainEqual(expect.objectContaining({ direction: 'south', to_id: 'mountain_path' }));
    expect(exits.some((exit) => exit.to_id === 'unexplored')).toBe(true);
  });

  it('stays a valid world with names of its own, however far one walks', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(3), { maxLength: 25 }),
        (id, turns) => {
          let world: World = createStarterWorld(id, NOW);
          world.player.location_id = 'mountain_path';
          for (const turn of turns) {
            const exits = viewOf(world).location.exits;
            const exit = exits[turn % exits.length];
            if (exit === undefined) throw new Error('a place without exits');
            const { next } = run(world, { op: 'move_player', direction: exit.direction });
            world = World.parse(next);
          }
          const names = Object.values(world.locations).map((place) => place.name);
          expect(new Set(names).size).toBe(names.length);
          for (const object of Object.keys(world.objects)) {
            const places = Object.values(world.locations).filter((place) => place.objects.includes(object));
            expect(places).toHaveLength(1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** The world once these operations were applied. */
function after(world: World, operations: WorldOperation[]): World {
  const { next, rejected } = applyOperations(world, operations, NOW);
  expect(rejected).toEqual([]);
  return next ?? world;
}

describe('what was given away', () => {
  it('is handed back by who holds it and is here, and by nobody else', () => {
    const given = after(worldAt('library', ['ancient_journal']), [
      { op: 'give', object: 'ancient_journal', npc: 'librarian' },
    ]);
    const back = applyOperations(given, [{ op: 'take', object: 'journal' }], NOW);
    const world = back.next ?? given;
    expect(back.applied).toMatchObject([{ op: 'take', object_id: 'ancient_journal', npc_id: 'librarian' }]);
    expect(world.player.inventory).toEqual(['ancient_journal']);
    expect(world.npcs['librarian']?.carries).toEqual([]);
    World.parse(world);
    const elsewhere = applyOperations(
      given,
      [
        { op: 'move_player', direction: 'west' },
        { op: 'take', object: 'journal' },
      ],
      NOW,
    );
    expect(elsewhere.rejected).toMatchObject([{ code: 'not_here' }]);
  });
});

describe('the way out', () => {
  it('is the only way there is, and none where there are several', () => {
    const out: WorldOperation[] = [{ op: 'move_player', direction: 'out' }];
    expect(applyOperations(worldAt('library'), out, NOW).applied).toMatchObject([
      { to_id: 'village_center' },
    ]);
    expect(applyOperations(worldAt('village_center'), out, NOW).rejected).toMatchObject([
      { code: 'no_exit' },
    ]);
  });
});
