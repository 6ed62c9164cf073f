import type { WorldLocation } from '../../../contracts/world.ts';
import type { Direction } from '../../../contracts/world-view.ts';
import { nameWords } from '../names.ts';
import { FIELDS } from './fields.ts';
import { HAMLET } from './hamlet.ts';
import { HEIGHTS } from './heights.ts';
import { TERRAINS, type Land, type NonEmpty, type Terrain } from './land.ts';
import { MOOR } from './moor.ts';
import { SHORE } from './shore.ts';
import { UNDERGROUND } from './underground.ts';
import { WATER } from './water.ts';
import { WOODS } from './woods.ts';

export const LANDS: Readonly<Record<Terrain, Land>> = {
  woods: WOODS,
  heights: HEIGHTS,
  water: WATER,
  fields: FIELDS,
  underground: UNDERGROUND,
  hamlet: HAMLET,
  shore: SHORE,
  moor: MOOR,
};

/** What may lie next to what; listed twice is twice as likely. */
const NEXT_TO: Readonly<Record<Terrain, NonEmpty<Terrain>>> = {
  woods: ['woods', 'woods', 'fields', 'water', 'heights', 'underground'],
  heights: ['heights', 'heights', 'heights', 'moor', 'moor', 'woods'],
  water: ['water', 'fields', 'woods', 'moor', 'shore', 'hamlet'],
  fields: ['fields', 'fields', 'hamlet', 'woods', 'water'],
  underground: ['underground', 'underground', 'water', 'heights', 'woods'],
  hamlet: ['hamlet', 'fields', 'fields', 'water', 'woods'],
  shore: ['shore', 'shore', 'fields', 'moor', 'water'],
  moor: ['moor', 'moor', 'heights', 'water', 'fields'],
};

/** Above and below there is less to choose from. */
const VERTICAL: Readonly<Partial<Record<Direction, NonEmpty<Terrain>>>> = {
  up: ['heights', 'heights', 'moor'],
  down: ['woods', 'water', 'fields'],
  in: ['underground'],
  out: ['woods', 'heights', 'fields'],
};

/** Words in names of places that the grammar has not made. */
const OTHER_WORDS: Readonly<Record<Terrain, readonly string[]>> = {
  woods: ['wood', 'forest', 'clearing', 'glade', 'thicket'],
  heights: ['mountain', 'peak', 'hill', 'summit', 'cliff', 'height', 'trail'],
  water: ['pond', 'stream', 'brook', 'waterfall', 'pool', 'bridge'],
  fields: ['pasture', 'farm', 'vineyard', 'lea'],
  underground: ['mine', 'cellar', 'crypt', 'den'],
  hamlet: ['village', 'town', 'square', 'library', 'house', 'market', 'inn'],
  shore: ['sea', 'coast', 'harbour', 'dune', 'island', 'lighthouse'],
  moor: ['bog', 'plain', 'steppe'],
};

const TERRAIN_OF_WORD: ReadonlyMap<string, Terrain> = new Map(
  TERRAINS.flatMap((terrain) => {
    const nouns = LANDS[terrain].kinds.map((kind) => kind.nouns[0]);
    return [...OTHER_WORDS[terrain], ...nouns].flatMap((noun) => {
      const word = nameWords(noun).at(-1);
      return word === undefined ? [] : [[word, terrain] as const];
    });
  }),
);

/** The terrain of a place by what it is called; undefined when its names say nothing of it. */
export function terrainOf(place: Pick<WorldLocation, 'name' | 'aliases'>): Terrain | undefined {
  for (const name of [place.name, ...place.aliases]) {
    for (const word of nameWords(name)) {
      const terrain = TERRAIN_OF_WORD.get(word);
      if (terrain !== undefined) return terrain;
    }
  }
  return undefined;
}

/** Which terrains may be reached from there, by how likely they are. */
export function terrainsBeyond(from: Terrain | undefined, direction: Direction): NonEmpty<Terrain> {
  // Whoever is underground and goes deeper stays there.
  if (from === 'underground' && direction === 'down') return ['underground'];
  return VERTICAL[direction] ?? (from === undefined ? TERRAINS : NEXT_TO[from]);
}
