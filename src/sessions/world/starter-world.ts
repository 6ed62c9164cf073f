import {
  UNEXPLORED,
  WORLD_SCHEMA_VERSION,
  type World,
  type WorldLocation,
  type WorldNpc,
  type WorldObject,
} from '../../contracts/world.ts';
import { worldSeed } from './seeded.ts';

/**
 * The world every new story begins in: four places, seven things, three people, version 0.
 * The same id always gives the same world apart from the timestamps.
 *
 * @param nowIso  creation time, ISO 8601 UTC
 * Source: spec, workflows 3.2, "Starter world"
 */
export function createStarterWorld(worldId: string, nowIso: string): World {
  return {
    world_id: worldId,
    schema_version: WORLD_SCHEMA_VERSION,
    version: 0,
    seed: worldSeed(worldId),
    turn: 0,
    created_at: nowIso,
    updated_at: nowIso,
    player: {
      location_id: 'forest_clearing',
      came_from: null,
      inventory: [],
      visited: ['forest_clearing'],
      flags: {},
    },
    locations: structuredClone(LOCATIONS),
    objects: structuredClone(OBJECTS),
    npcs: structuredClone(NPCS),
    facts: [],
    events: [],
  };
}

const LOCATIONS: Record<string, WorldLocation> = {
  forest_clearing: {
    name: 'forest clearing',
    aliases: ['clearing', 'forest', 'glade'],
    description:
      'Tall trees stand back to leave a round of soft grass, and the light comes down in long, unhurried columns.',
    theme: 'mindfulness',
    mood: 'calm',
    exits: { north: 'mountain_path', south: 'village_center' },
    objects: ['meditation_stone', 'flowing_stream'],
    npcs: [],
  },
  village_center: {
    name: 'village center',
    aliases: ['village', 'village centre', 'village square', 'square', 'town'],
    description:
      'Crooked houses lean together over worn cobbles, windows open, and the smell of bread drifts between them.',
    theme: 'social_connection',
    mood: 'welcoming',
    exits: { north: 'forest_clearing', east: 'library' },
    objects: ['community_board', 'fountain'],
    npcs: ['wise_elder', 'friendly_merchant'],
  },
  library: {
    name: 'library',
    aliases: ['old library', 'reading room'],
    description:
      'Shelves climb into a warm dusk of lamplight, and the quiet here is the kind that listens back.',
    theme: 'self_reflection',
    mood: 'contemplative',
    exits: { west: 'village_center' },
    objects: ['ancient_journal', 'reading_chair', 'wisdom_books'],
    npcs: ['librarian'],
  },
  mountain_path: {
    name: 'mountain path',
    aliases: ['mountain', 'mountains', 'path', 'trail'],
    description:
      'A narrow way of pale stone climbs between boulders, steep but sound, with the whole valley opening behind it.',
    theme: 'courage',
    mood: 'bracing',
    exits: { south: 'forest_clearing', north: UNEXPLORED },
    objects: [],
    npcs: [],
  },
};

const FIXED = { portable: false, openable: false, open: false };

const OBJECTS: Record<string, WorldObject> = {
  meditation_stone: {
    ...FIXED,
    name: 'meditation stone',
    aliases: ['stone', 'flat stone'],
    description: 'It is broad and flat, hollowed a little by all the people who have sat on it and breathed.',
    use_text:
      'You sit, and after a few breaths the stone seems to take some of your weight from the inside too.',
  },
  flowing_stream: {
    ...FIXED,
    name: 'flowing stream',
    aliases: ['stream', 'water', 'brook'],
    description: 'Clear water slips over brown pebbles, never twice the same and never in a hurry.',
    use_text: 'You dip both hands into the cold, clear water, and for a moment there is only that.',
  },
  community_board: {
    ...FIXED,
    name: 'community board',
    aliases: ['board', 'notice board', 'notices'],
    description:
      'Notes overlap like feathers: a lost cat found, a choir in need of altos, a thank-you without a name.',
    use_text:
      'You straighten a curling note and read it twice; somebody, somewhere, was glad of a neighbour.',
  },
  fountain: {
    ...FIXED,
    name: 'fountain',
    aliases: ['old fountain', 'basin'],
    description: 'Water falls from a worn stone lily into a basin that glitters with small, hopeful coins.',
    use_text: 'You let the falling water run over your wrists until your pulse slows to match it.',
  },
  ancient_journal: {
    name: 'ancient journal',
    aliases: ['journal', 'diary'],
    description:
      'Its leather is soft as cloth, and a ribbon marks the page where the last writer stopped mid-thought.',
    use_text:
      'You write one honest line beneath a stranger’s handwriting, and the page takes it without comment.',
    portable: true,
    openable: true,
    open: false,
  },
  reading_chair: {
    ...FIXED,
    name: 'reading chair',
    aliases: ['chair', 'armchair'],
    description: 'A deep green armchair, its cushions shaped by long evenings and good endings.',
    use_text: 'You sink into the chair, and it holds you the way a patient friend holds a silence.',
  },
  wisdom_books: {
    ...FIXED,
    name: 'wisdom books',
    aliases: ['book', 'shelf of books', 'wisdom'],
    description:
      'Their margins are full of pencilled arguments, kind ones mostly, between readers who never met.',
    use_text: 'You let a page choose itself: “Nobody is late to their own life,” it says.',
  },
};

/** Each person has lists of their own: what one is given is not given to all. */
const stranger = () => ({ disposition: 0, met: false, facts: [], carries: [] });

const NPCS: Record<string, WorldNpc> = {
  wise_elder: {
    ...stranger(),
    name: 'wise elder',
    aliases: ['elder', 'old woman', 'wise woman'],
    description:
      'Her face is lined like a map of places she was glad to have been, and she has time for you.',
    mood: 'serene',
  },
  friendly_merchant: {
    ...stranger(),
    name: 'friendly merchant',
    aliases: ['merchant', 'trader', 'shopkeeper'],
    description: 'He arranges apples by how cheerful they look and laughs at his own prices.',
    mood: 'cheerful',
  },
  librarian: {
    ...stranger(),
    name: 'librarian',
    aliases: ['keeper of books'],
    description: 'They wear two pairs of spectacles at once and have clearly read everything twice.',
    mood: 'attentive',
  },
};
