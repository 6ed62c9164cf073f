import type { World } from '../../contracts/world.ts';
import type { Direction } from '../../contracts/world-view.ts';
import { LOST_THINGS, TRAVELLERS } from './places/anywhere.ts';
import { LANDS, terrainOf, terrainsBeyond } from './places/lands.ts';
import type { Land, NonEmpty, Person, PlaceKind, Thing } from './places/land.ts';
import { pick, seededRandom } from './seeded.ts';

/** A place before it is part of a world. */
export interface ImaginedPlace {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly theme: string;
  readonly mood: string;
  /** Ways that nobody has walked yet. */
  readonly waysOn: readonly Direction[];
  readonly things: readonly (Thing & { readonly portable: boolean })[];
  readonly people: readonly Person[];
}

const COMPASS: readonly Direction[] = ['north', 'east', 'south', 'west'];
const SECOND_WAY_PROBABILITY = 0.5;
const OTHER_WAY_PROBABILITY = 0.3;
const FIXTURE_PROBABILITY = 0.85;
const KEEPSAKE_PROBABILITY = 0.5;
const PERSON_PROBABILITY = 0.35;

/** From here on no new ways open, so that a world ends before it is too large to be stored. */
export const LAST_PLACE_WITH_WAYS_ON = 120;

/** For the third and fourth place that would have the same name. */
const PREFIXES = ['far', 'lower', 'upper', 'little', 'other', 'outer', 'second', 'third'];

/**
 * The place behind an unexplored exit: its terrain follows on from where one comes from, its name is one that no other
 * place has, and what lies there or lives there is nowhere else. It depends on the world's id, the way there, and what
 * the world has already.
 *
 * Source: spec, workflows 3.2: a template grammar with a PRNG seeded by sha256(world_id + from + direction)
 */
export function imaginePlace(
  world: World,
  from: string,
  direction: Direction,
  back: Direction,
): ImaginedPlace {
  const random = seededRandom(world.world_id, from, direction);
  const origin = world.locations[from];
  const terrain = pick(
    random,
    terrainsBeyond(origin === undefined ? undefined : terrainOf(origin), direction),
  );
  const land = LANDS[terrain];
  const { kind, name } = namedKind(world, land, random);
  return {
    name,
    // What it is in one word, unless that is what it is called.
    aliases: kind.nouns.filter((noun) => noun !== name),
    description: [kind.openings, kind.details, land.airs]
      .map((sentences) => freshest(world, sentences, random))
      .join(' '),
    theme: kind.theme,
    mood: pick(random, kind.moods),
    waysOn: waysOn(world, land, back, random),
    things: thingsFor(world, land, kind, random),
    people: random() < PERSON_PROBABILITY ? someone(world, land, random) : [],
  };
}

/** The kind that is rarest so far; one whose names are used up makes room for the others of its land. */
function namedKind(world: World, land: Land, random: () => number): { kind: PlaceKind; name: string } {
  const taken = new Set(Object.values(world.locations).map((place) => place.name));
  const kinds = rotated(land.kinds, random).toSorted((a, b) => usesOf(world, a) - usesOf(world, b));
  const turn = random();
  for (const prefix of ['', ...PREFIXES]) {
    for (const kind of kinds) {
      for (const plain of rotated(kind.names, () => turn)) {
        const name = prefix === '' ? plain : `${prefix} ${plain}`;
        if (!taken.has(name)) return { kind, name };
      }
    }
  }
  const kind = pick(random, land.kinds);
  let number = 2;
  while (taken.has(`${kind.names[0]} ${number}`)) number++;
  return { kind, name: `${kind.names[0]} ${number}` };
}

function usesOf(world: World, kind: PlaceKind): number {
  return kind.openings.reduce((sum, opening) => sum + timesRead(world, opening), 0);
}

/** The sentence that has been read least often in this world. */
function freshest(world: World, sentences: NonEmpty<string>, random: () => number): string {
  const [first = sentences[0]] = rotated(sentences, random).toSorted(
    (a, b) => timesRead(world, a) - timesRead(world, b),
  );
  return first;
}

function timesRead({ locations }: World, sentence: string): number {
  return Object.values(locations).filter(({ description }) => description.includes(sentence)).length;
}

function waysOn(world: World, land: Land, back: Direction, random: () => number): Direction[] {
  const along = rotated(COMPASS, random).filter((way) => way !== back);
  const count = random() < SECOND_WAY_PROBABILITY ? 2 : 1;
  const elsewhere = land.ways.filter((way) => way !== back);
  const turn = random();
  const goesElsewhere = random() < OTHER_WAY_PROBABILITY;
  if (Object.keys(world.locations).length >= LAST_PLACE_WITH_WAYS_ON) return [];
  const ways = along.slice(0, count);
  const other = rotated(elsewhere, () => turn)[0];
  return other === undefined || !goesElsewhere ? ways : [...ways, other];
}

function thingsFor(
  world: World,
  land: Land,
  kind: PlaceKind,
  random: () => number,
): (Thing & { portable: boolean })[] {
  const taken = namesOf(world);
  const fixture = unused(rotated(kind.fixtures, random), taken);
  const keepsake = unused([...rotated(land.keepsakes, random), ...rotated(LOST_THINGS, random)], taken);
  const hasFixture = random() < FIXTURE_PROBABILITY;
  const hasKeepsake = random() < KEEPSAKE_PROBABILITY;
  return [
    ...(hasFixture && fixture !== undefined ? [{ ...fixture, portable: false }] : []),
    ...(hasKeepsake && keepsake !== undefined ? [{ ...keepsake, portable: true }] : []),
  ];
}

function someone(world: World, land: Land, random: () => number): Person[] {
  const person = unused([...rotated(land.people, random), ...rotated(TRAVELLERS, random)], namesOf(world));
  return person === undefined ? [] : [person];
}

function unused<T extends { readonly name: string }>(list: readonly T[], taken: Set<string>): T | undefined {
  return list.find(({ name }) => !taken.has(name));
}

function namesOf({ objects, npcs }: World): Set<string> {
  return new Set([...Object.values(objects), ...Object.values(npcs)].map(({ name }) => name));
}

function rotated<T>(list: readonly T[], random: () => number): T[] {
  const start = Math.floor(random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
