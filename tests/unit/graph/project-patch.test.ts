import { describe, expect, test } from 'vitest';
import type { World, WorldEvent } from '../../../src/contracts/world.ts';
import { emptyRows, type GraphRows } from '../../../src/graph/graph-rows.ts';
import { readEntry, type OutboxPatch } from '../../../src/graph/outbox-entry.ts';
import { patchRows } from '../../../src/graph/project-patch.ts';
import { worldRows } from '../../../src/graph/project-world.ts';
import { chapter, entryOf, firstWorld } from '../../support/graph-story.ts';

const WORLD = 'w1';
const KNOWN = { version: 4, createdAt: 'then', appliedAt: 100, firstEvent: 2, nextEvent: 7 };

function patchOf(
  list: { path: string[]; before?: unknown }[],
  events: Partial<OutboxPatch['events']> = {},
): OutboxPatch {
  return {
    changes: list,
    turn: [4, 3],
    updated_at: ['b', 'a'],
    events: { added: [], dropped: [], ...events },
  };
}

function rowsOf(patch: OutboxPatch): { rows: GraphRows; next: ReturnType<typeof patchRows> } {
  const rows = emptyRows();
  const next = patchRows(rows, WORLD, patch, KNOWN, { version: 5, at: 200 });
  return { rows, next };
}

/** The rows without those of the world's own node, and without what is empty. */
function changes(rows: GraphRows): Record<string, unknown> {
  const { worlds: _, ...others } = rows;
  const said = (value: unknown): boolean =>
    Array.isArray(value) ? value.length > 0 : Object.values(value as object).some(said);
  return Object.fromEntries(Object.entries(others).filter(([, value]) => said(value)));
}

describe('a patch as rows', () => {
  test.each([
    [
      ['locations', 'library', 'mood'],
      'quiet',
      { nodes: { Location: [{ world: WORLD, id: 'library', properties: { mood: 'quiet' } }] } },
    ],
    [
      ['objects', 'lamp', 'open'],
      true,
      { nodes: { Object: [{ world: WORLD, id: 'lamp', properties: { open: true } }] } },
    ],
    [
      ['npcs', 'elder', 'disposition'],
      -0.25,
      { nodes: { Character: [{ world: WORLD, id: 'elder', properties: { disposition: -0.25 } }] } },
    ],
    [
      ['npcs', 'elder', 'facts'],
      ['what the player told', 'and more'],
      { nodes: { Character: [{ world: WORLD, id: 'elder', properties: { fact_count: 2 } }] } },
    ],
    [
      ['locations', 'library', 'objects'],
      ['lamp'],
      { members: { objects: [{ world: WORLD, id: 'library', members: ['lamp'] }] } },
    ],
    [
      ['npcs', 'elder', 'carries'],
      ['lamp'],
      { members: { gifts: [{ world: WORLD, id: 'elder', members: ['lamp'] }] } },
    ],
    [['player', 'inventory'], [], { members: { inventory: [{ world: WORLD, id: 'player', members: [] }] } }],
    [['player', 'location_id'], 'library', { stands: [{ world: WORLD, at: 'library' }] }],
    [['player', 'visited'], ['library'], { visited: [{ world: WORLD, ids: ['library'] }] }],
    [
      ['player', 'flags', 'rested'],
      undefined,
      { nodes: { Player: [{ world: WORLD, id: 'player', properties: { flag_rested: null } }] } },
    ],
    [
      ['locations', 'library', 'exits', 'west'],
      'village',
      { exits: [{ world: WORLD, id: 'library', direction: 'west', to: 'village' }] },
    ],
    [
      ['locations', 'library', 'exits', 'west'],
      'unexplored',
      { exits: [{ world: WORLD, id: 'library', direction: 'west', to: null }] },
    ],
    [
      ['locations', 'library', 'exits', 'west'],
      undefined,
      { exits: [{ world: WORLD, id: 'library', direction: 'west', to: null }] },
    ],
    [['objects', 'lamp'], undefined, { removed: { Object: [{ world: WORLD, id: 'lamp' }] } }],
    [['locations', 'library', 'aliases'], ['books'], {}],
    [['facts'], ['something'], {}],
  ])('%j that is %j now', (path, before, expected) => {
    const { rows, next } = rowsOf(patchOf([{ path, before }]));
    expect(next).not.toBeNull();
    expect(changes(rows)).toMatchObject(expected);
    if (Object.keys(expected).length === 0) expect(changes(rows)).toEqual({});
  });

  test('sets the version, the turn and the time of its world, and no others', () => {
    const { rows, next } = rowsOf(patchOf([{ path: ['facts'], before: ['a', 'b', 'c'] }]));
    expect(next).toEqual({ ...KNOWN, version: 5, appliedAt: 200 });
    expect(rows.worlds).toEqual([
      {
        world: WORLD,
        properties: {
          version: 5,
          created_at: 'then',
          applied_at: 200,
          first_event: 2,
          next_event: 7,
          turn: 4,
          updated_at: 'b',
          fact_count: 3,
        },
      },
    ]);
  });

  const event = (name: string) => ({ turn: 4, at: 'b', op: 'take', summary: name });
  const [a, b, c, d, e, f] = ['a', 'b', 'c', 'd', 'e', 'f'].map(event) as [
    WorldEvent,
    WorldEvent,
    WorldEvent,
    WorldEvent,
    WorldEvent,
    WorldEvent,
  ];
  // The graph holds five events, numbered 2 to 6.
  test.each([
    ['grows', { added: [a, b, c, d, e], dropped: [a, b, c, d, e, f] }, [], [[7, f]], [2, 8]],
    ['loses its oldest', { added: [a, b, c, d, e], dropped: [c, d, e, f] }, [2, 3], [[7, f]], [4, 8]],
    ['stays', { added: [], dropped: [] }, [], [], [2, 7]],
    ['is shortened', { added: [d, e], dropped: [] }, [5, 6], [], [2, 5]],
    ['gets its oldest back', { added: [e], dropped: [f] }, [6], [[1, f]], [1, 6]],
    ['is another one', { added: [a, b, c, d, e], dropped: [f] }, [2, 3, 4, 5, 6], [[7, f]], [7, 8]],
    ['is empty', { added: [a, b, c, d, e], dropped: [] }, [2, 3, 4, 5, 6], [], [7, 7]],
  ])('keeps the numbers of its events when the list %s', (_, events, gone, come, [first, end]) => {
    const { rows, next } = rowsOf(patchOf([], events));
    expect(rows.removed.Event).toEqual(gone.map((id) => ({ world: WORLD, id })));
    expect(rows.nodes.Event).toEqual(come.map(([id, properties]) => ({ world: WORLD, id, properties })));
    expect(next).toMatchObject({ firstEvent: first, nextEvent: end });
  });

  test.each([
    ['a part nobody knows', [{ path: ['weather'], before: 'rain' }], {}],
    ['the whole of a part', [{ path: ['npcs'], before: {} }], {}],
    ['a property nobody knows', [{ path: ['objects', 'lamp', 'weight'], before: 3 }], {}],
    ['a property of every object', [{ path: ['objects', 'lamp', 'constructor'], before: 'x' }], {}],
    ['a value of another type', [{ path: ['npcs', 'elder', 'met'], before: 'yes' }], {}],
    ['something below a property', [{ path: ['objects', 'lamp', 'name', 'de'], before: 'x' }], {}],
    ['a direction nobody knows', [{ path: ['locations', 'l', 'exits', 'sideways'], before: 'm' }], {}],
    ['half an object', [{ path: ['objects', 'lamp'], before: { name: 'lamp' } }], {}],
    ['a broken event', [], { dropped: [{ turn: 'x' }] }],
    ['more lost events than there are', [], { added: [1, 2, 3, 4, 5, 6] }],
  ])('gives way to the whole world for %s, and leaves nothing half done', (_, list, events) => {
    const good = { path: ['npcs', 'elder', 'mood'], before: 'calm' };
    const { rows, next } = rowsOf(patchOf([good, ...list], events));
    expect(next).toBeNull();
    expect(rows).toEqual(emptyRows());
  });

  test('of every kind of operation has a counterpart in the graph', () => {
    const before = firstWorld('w');
    const { fields } = chapter(
      before,
      [
        { op: 'move_player', direction: 'north' },
        { op: 'move_player', direction: 'north' },
        { op: 'set_flag', flag: 'rested', value: 'often' },
        { op: 'add_location', id: 'cave', name: 'cave', description: 'dark', theme: 'fear', mood: 'still' },
        { op: 'link', from: 'cave', direction: 'out', to: 'village_center' },
        { op: 'add_object', id: 'rope', name: 'rope', description: 'long', portable: true, location: 'cave' },
        { op: 'add_npc', id: 'miner', name: 'miner', description: 'old', mood: 'tired', location: 'cave' },
        { op: 'add_fact', text: 'it rains' },
        { op: 'add_fact', text: 'knows the way', npc: 'miner' },
      ],
      5,
    )!;
    const entry = readEntry('1-0', fields);
    if (entry.kind !== 'patch') throw new Error('a patch was written');
    expect(patchRows(emptyRows(), 'w', entry.patch!, KNOWN, { version: 5, at: 5 })).not.toBeNull();
  });
});

test('a whole world replaces what was there, and tells nothing that a player said', () => {
  const world: World = { ...firstWorld('w'), facts: ['the player said: hush'], version: 9 };
  world.npcs['librarian'] = { ...world.npcs['librarian']!, facts: ['the player said: hush'] };
  const rows = emptyRows();
  const known = worldRows(rows, world, 77);
  expect(known).toMatchObject({ version: 9, appliedAt: 77, createdAt: world.created_at });
  expect(rows.forgotten).toEqual(['w']);
  expect(JSON.stringify(rows)).not.toContain('hush');
  expect(rows.nodes.Location.map(({ id }) => String(id)).toSorted()).toEqual(
    Object.keys(world.locations).toSorted(),
  );
});

describe('an entry of the outbox', () => {
  const { fields } = entryOf(firstWorld('w'), { ...firstWorld('w'), version: 1 }, 1234);

  test('says which world, which version, what and when', () => {
    expect(readEntry('99-0', fields)).toMatchObject({ kind: 'patch', worldId: 'w', version: 1, at: 1234 });
    expect(readEntry('99-0', { kind: 'forget', world_id: 'w', version: '', patch: '', at: '5' })).toEqual({
      kind: 'forget',
      id: '99-0',
      worldId: 'w',
    });
  });

  test.each([
    ['version', 'x', { version: null }],
    ['version', '', { version: null }],
    ['version', '0', { version: null }],
    ['version', '1.5', { version: null }],
    ['patch', 'no JSON', { patch: null }],
    ['patch', '{"changes":[{"path":[]}]}', { patch: null }],
    ['at', 'soon', { at: 99 }],
    ['at', '', { at: 99 }],
  ])('with %s %j is read as far as it goes', (name, value, expected) => {
    expect(readEntry('99-0', { ...fields, [name]: value })).toMatchObject({ kind: 'patch', ...expected });
  });

  test.each([
    {},
    { kind: 'patch' },
    { world_id: 'w' },
    { kind: 'rename', world_id: 'w' },
    { ...fields, world_id: '' },
  ])('%j is unreadable', (odd) => {
    expect(readEntry('1-0', odd as Record<string, string>)).toEqual({ kind: 'unreadable', id: '1-0' });
  });
});
