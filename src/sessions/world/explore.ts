import { UNEXPLORED, type World } from '../../contracts/world.ts';
import type { Direction } from '../../contracts/world-view.ts';
import { freeId } from './free-id.ts';
import { imaginePlace, type ImaginedPlace } from './imagine-place.ts';

export const OPPOSITE: Readonly<Record<Direction, Direction>> = {
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

/** Has a say in a place before it becomes part of the world; pure, as it may be asked again. */
export type Retouch = (
  place: ImaginedPlace,
  world: World,
  at: { readonly from: string; readonly direction: Direction },
) => ImaginedPlace;

/**
 * Make the place behind an unexplored exit and join it to `from`, both ways.
 * Changes `world`, a private draft. The same world id and the same steps give the same place.
 *
 * @returns the new location's id
 * Source: spec, workflows 3.2
 */
export function explore(world: World, from: string, direction: Direction, retouch?: Retouch): string {
  const back = OPPOSITE[direction];
  const imagined = imaginePlace(world, from, direction, back);
  const place = retouch === undefined ? imagined : retouch(imagined, world, { from, direction });
  const id = freeId(world, place.name);
  const { name, aliases, description, theme, mood } = place;
  world.locations[id] = {
    name,
    aliases: [...aliases],
    description,
    theme,
    mood,
    exits: Object.fromEntries([[back, from], ...place.waysOn.map((way) => [way, UNEXPLORED])]),
    objects: [],
    npcs: [],
  };
  const origin = world.locations[from];
  if (origin !== undefined) origin.exits[direction] = id;
  for (const { portable, ...thing } of place.things) {
    const thingId = freeId(world, thing.name);
    world.objects[thingId] = {
      name: thing.name,
      aliases: [...thing.aliases],
      description: thing.description,
      use_text: thing.use,
      portable,
      openable: thing.openable ?? false,
      open: false,
    };
    world.locations[id].objects.push(thingId);
  }
  for (const person of place.people) {
    const personId = freeId(world, person.name);
    world.npcs[personId] = {
      ...person,
      aliases: [...person.aliases],
      disposition: 0,
      met: false,
      facts: [],
      carries: [],
    };
    world.locations[id].npcs.push(personId);
  }
  return id;
}
