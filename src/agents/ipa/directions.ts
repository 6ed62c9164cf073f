import { DIRECTIONS, type Direction } from '../../contracts/world-view.ts';

const ABBREVIATIONS: Readonly<Record<string, Direction>> = {
  n: 'north',
  s: 'south',
  e: 'east',
  w: 'west',
  ne: 'northeast',
  nw: 'northwest',
  se: 'southeast',
  sw: 'southwest',
  u: 'up',
  d: 'down',
  'north-east': 'northeast',
  'north-west': 'northwest',
  'south-east': 'southeast',
  'south-west': 'southwest',
  northward: 'north',
  northwards: 'north',
  southward: 'south',
  southwards: 'south',
  eastward: 'east',
  eastwards: 'east',
  westward: 'west',
  westwards: 'west',
  upstairs: 'up',
  upward: 'up',
  upwards: 'up',
  downstairs: 'down',
  downward: 'down',
  downwards: 'down',
  inside: 'in',
  indoors: 'in',
  outside: 'out',
  outdoors: 'out',
};

/** Bare "i" is the inventory and bare "in" a preposition more often than a way, so callers decide by position. */
export const DIRECTION_BY_WORD: ReadonlyMap<string, Direction> = new Map([
  ...DIRECTIONS.map((direction): [string, Direction] => [direction, direction]),
  ...Object.entries(ABBREVIATIONS),
]);
