import type { ViewExit, ViewNpc, ViewObject, WorldView } from '../../src/contracts/world-view.ts';
import { createStarterWorld } from '../../src/sessions/world/starter-world.ts';
import { viewOf } from '../../src/sessions/world/view.ts';

/**
 * Where the utterances are spoken: nowhere, three places of the starter world, a room made to be confusing, and
 * two places such as the world builder makes behind an unexplored exit.
 */
export const SCENES: Readonly<Record<string, WorldView | null>> = {
  none: null,
  clearing: starter('forest_clearing'),
  village: starter('village_center'),
  library: starter('library', 'village_center'),
  cottage: cottage(),
  orchard: orchard(),
  grove: grove(),
};

function starter(location: string, cameFrom: string | null = null): WorldView {
  const world = createStarterWorld('w', '2026-01-01T00:00:00.000Z');
  return viewOf({ ...world, player: { ...world.player, location_id: location, came_from: cameFrom } });
}

/** Two stones, two men, things that open, things in the hand, a way up. */
function cottage(): WorldView {
  return {
    world_id: 'w',
    version: 1,
    seed: 's',
    turn: 1,
    location: {
      id: 'cottage',
      name: 'old cottage',
      aliases: ['cottage', 'hut'],
      description: 'A low room that smells of smoke.',
      theme: 'courage',
      mood: 'dim',
      exits: [
        exit('north', 'garden', 'herb garden', ['garden']),
        exit('up', 'attic', 'dusty attic', ['attic']),
      ],
    },
    objects: [
      thing('wooden_box', 'wooden box', ['box', 'chest', 'lid of the box'], { openable: true }),
      thing('brass_key', 'brass key', ['key'], { portable: true }),
      thing('red_stone', 'red stone', [], { portable: true }),
      thing('blue_stone', 'blue stone', [], { portable: true }),
      thing('letter', 'letter', ['note'], { portable: true }),
      thing('oak_table', 'oak table', ['table'], {}),
    ],
    npcs: [
      person('old_sailor', 'old sailor', ['sailor', 'man']),
      person('tall_guard', 'tall guard', ['guard', 'man']),
    ],
    inventory: [
      thing('lantern', 'lantern', ['lamp'], { portable: true }),
      thing('iron_sword', 'iron sword', ['sword'], { portable: true }),
      thing('silver_coin', 'silver coin', ['coin'], { portable: true }),
    ],
    came_from: 'garden',
  };
}

function orchard(): WorldView {
  return {
    world_id: 'w',
    version: 3,
    seed: 's',
    turn: 4,
    location: {
      id: 'pear_orchard',
      name: 'pear orchard',
      aliases: ['orchard'],
      description: 'Old trees nobody prunes any more still bear.',
      theme: 'hope',
      mood: 'tender',
      exits: [unexplored('south'), exit('west', 'alder_grove', 'alder grove', ['grove', 'trees'])],
    },
    objects: [
      thing('fruit_press', 'fruit press', ['press'], {}),
      thing('ear_of_barley', 'ear of barley', ['barley', 'ear'], { portable: true }),
    ],
    npcs: [person('young_farmer', 'young farmer', ['farmer'])],
    inventory: [thing('snail_shell', 'snail shell', ['shell', 'spiral shell'], { portable: true })],
    came_from: 'alder_grove',
  };
}

function grove(): WorldView {
  return {
    world_id: 'w',
    version: 5,
    seed: 's',
    turn: 7,
    location: {
      id: 'birch_grove',
      name: 'birch grove',
      aliases: ['grove', 'trees'],
      description: 'White trunks stand close together.',
      theme: 'mindfulness',
      mood: 'hushed',
      exits: [
        unexplored('north'),
        exit('south', 'eagle_lookout', 'eagle lookout', ['lookout', 'view']),
        unexplored('west'),
      ],
    },
    objects: [
      thing('fallen_trunk', 'fallen trunk', ['trunk', 'log'], {}),
      thing('snail_shell', 'snail shell', ['shell', 'spiral shell'], { portable: true }),
    ],
    npcs: [person('mushroom_gatherer', 'mushroom gatherer', ['gatherer'])],
    inventory: [thing('owl_feather', 'owl feather', ['feather'], { portable: true })],
    came_from: 'eagle_lookout',
  };
}

function unexplored(direction: ViewExit['direction']): ViewExit {
  return exit(direction, 'unexplored', 'unexplored ground', ['unexplored', 'unknown', 'the unknown']);
}

function exit(direction: ViewExit['direction'], id: string, name: string, aliases: string[]): ViewExit {
  return { direction, to_id: id, to_name: name, aliases };
}

function thing(id: string, name: string, aliases: string[], traits: Partial<ViewObject>): ViewObject {
  const fixed = { description: '', use_text: '', portable: false, openable: false, open: false };
  return { id, name, aliases, ...fixed, ...traits };
}

function person(id: string, name: string, aliases: string[]): ViewNpc {
  return { id, name, aliases, description: '', mood: 'calm', disposition: 0, met: false };
}
