import type { Direction } from '../../../contracts/world-view.ts';

export type NonEmpty<T> = readonly [T, ...T[]];

/** What the land is made of. The places around a place are of its own terrain or of one that lies next to it. */
export const TERRAINS = [
  'woods',
  'heights',
  'water',
  'fields',
  'underground',
  'hamlet',
  'shore',
  'moor',
] as const;
export type Terrain = (typeof TERRAINS)[number];

/** Something that may lie in a place. `use`: one sentence in the second person. */
export interface Thing {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly use: string;
  readonly openable?: true;
}

export interface Person {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly mood: string;
}

/**
 * One kind of place. Every name goes with every opening, every opening with every detail, and both with everything that
 * is in the air of the land: none of them may take for granted what another one says.
 */
export interface PlaceKind {
  /** What else it is called; the first also says which terrain a place of that name belongs to. */
  readonly nouns: NonEmpty<string>;
  readonly theme: string;
  /** Read well behind "the". */
  readonly names: NonEmpty<string>;
  readonly openings: NonEmpty<string>;
  readonly details: NonEmpty<string>;
  readonly moods: NonEmpty<string>;
  /** Things that belong here and stay here. */
  readonly fixtures: NonEmpty<Thing>;
}

export interface Land {
  readonly kinds: NonEmpty<PlaceKind>;
  /** Weather, sounds and smells: the last sentence of a description. */
  readonly airs: NonEmpty<string>;
  readonly keepsakes: NonEmpty<Thing>;
  readonly people: NonEmpty<Person>;
  /** Ways that lead elsewhere than along the ground. */
  readonly ways: readonly Direction[];
}
