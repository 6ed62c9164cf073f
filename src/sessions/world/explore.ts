import { UNEXPLORED, type World } from '../../contracts/world.ts';
import type { Direction } from '../../contracts/world-view.ts';
import { KEEPSAKES, PLACES, type Keepsake } from './place-grammar.ts';
import { pick, seededRandom } from './seeded.ts';

const OPPOSITE: Readonly<Record<Direction, Direction>> = {
  north: 'south',
  south: 'north',
  east: 'west',
  west: 'east',
  northeast: 'southwest',
  southwest: 'northeast',
  northwest: 'southeast',
  southeast: 'northwest',
  up: 'down',
  down: 'up',
  in: 'out',
  out: 'in',
};

const ONWARD: readonly Direction[] = ['north', 'east', 'south', 'west'];
const KEEPSAKE_PROBABILITY = 0.75;

/**
 * Make the place behind an unexplored exit and join it to `from`, both ways. It gets a name no other place
 * has, one or two further unexplored exits, and often something small to take along.
 * Changes `world`, a private draft. The same world id and the same steps give the same place.
 *
 * @returns the new location's id
 * Source: spec, workflows 3.2: a template grammar with a PRNG seeded by sha256(world_id + from + direction)
 */
export function explore(world: World, from: string, direction: Direction): string {
  const random = seededRandom(world.world_id, from, direction);
  const kind = pick(random, PLACES);
  const names = new Set(Object.values(world.locations).map((place) => place.name));
  const adjectives = rotated(kind.adjectives, random);
  const adjective = adjectives.find((word) => !names.has(`${word} ${kind.noun}`)) ?? adjectives[0] ?? 'far';
  const name = `${adjective} ${kind.noun}`;
  const id = freeId(name, (candidate) => world.locations[candidate] !== undefined);
  const back = OPPOSITE[direction];
  world.locations[id] = {
    name,
    aliases: names.has(name) ? [] : [kind.noun],
    description: `${pick(random, kind.scenes)} ${pick(random, kind.lights)}`,
    theme: kind.theme,
    mood: pick(random, kind.moods),
    exits: { [back]: from, ...onwardExits(random, back) },
    objects: [],
    npcs: [],
  };
  const origin = world.locations[from];
  if (origin !== undefined) origin.exits[direction] = id;
  if (random() < KEEPSAKE_PROBABILITY) leaveKeepsake(world, id, pick(random, KEEPSAKES));
  return id;
}

function onwardExits(random: () => number, back: Direction): Partial<Record<Direction, string>> {
  const ways = rotated(
    ONWARD.filter((way) => way !== back),
    random,
  );
  const count = random() < 0.5 ? 1 : 2;
  return Object.fromEntries(ways.slice(0, count).map((way) => [way, UNEXPLORED]));
}

function leaveKeepsake(world: World, place: string, keepsake: Keepsake): void {
  const taken = Object.values(world.objects).some((object) => object.name === keepsake.name);
  if (taken) return;
  const id = freeId(keepsake.name, (candidate) => world.objects[candidate] !== undefined);
  world.objects[id] = {
    ...keepsake,
    aliases: [...keepsake.aliases],
    portable: true,
    openable: false,
    open: false,
  };
  world.locations[place]?.objects.push(id);
}

function rotated<T>(list: readonly T[], random: () => number): T[] {
  const start = Math.floor(random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}

/** The name as an id; numbered when something else has it already. */
function freeId(name: string, isTaken: (id: string) => boolean): string {
  const base = name.replace(/[^a-z0-9]+/g, '_').slice(0, 56);
  let id = base;
  for (let n = 2; isTaken(id); n++) id = `${base}_${n}`;
  return id;
}
