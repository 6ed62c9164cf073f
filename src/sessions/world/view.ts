import { UNEXPLORED, type World } from '../../contracts/world.ts';
import { DIRECTIONS, type ViewExit, type WorldView } from '../../contracts/world-view.ts';
import { brokenWorld } from './lookup.ts';

/** How an exit nobody has walked is spoken of. */
export const UNEXPLORED_NAME = 'unexplored ground';
const UNEXPLORED_ALIASES = ['unexplored', 'unknown', 'the unknown'];

/**
 * The world from where the player stands. Exits come in compass order, everything else as stored.
 *
 * Source: spec, workflows 3.2, `world_state`
 */
export function viewOf(world: World): WorldView {
  const here = world.locations[world.player.location_id];
  if (here === undefined) throw brokenWorld(world, 'location', world.player.location_id);
  return {
    world_id: world.world_id,
    version: world.version,
    seed: world.seed,
    turn: world.turn,
    location: {
      id: world.player.location_id,
      name: here.name,
      aliases: [...here.aliases],
      description: here.description,
      theme: here.theme,
      mood: here.mood,
      exits: exitsOf(world),
    },
    objects: here.objects.map((id) => viewObject(world, id)),
    npcs: here.npcs.map((id) => viewNpc(world, id)),
    inventory: world.player.inventory.map((id) => viewObject(world, id)),
    came_from: world.player.came_from,
  };
}

/** The ways out of the present location, in compass order. */
export function exitsOf(world: World): ViewExit[] {
  const exits = world.locations[world.player.location_id]?.exits ?? {};
  return DIRECTIONS.flatMap((direction) => {
    const to = exits[direction];
    if (to === undefined) return [];
    if (to === UNEXPLORED) {
      return [{ direction, to_id: to, to_name: UNEXPLORED_NAME, aliases: [...UNEXPLORED_ALIASES] }];
    }
    const place = world.locations[to];
    if (place === undefined) throw brokenWorld(world, 'location', to);
    return [{ direction, to_id: to, to_name: place.name, aliases: [...place.aliases] }];
  });
}

function viewObject(world: World, id: string): WorldView['objects'][number] {
  const object = world.objects[id];
  if (object === undefined) throw brokenWorld(world, 'object', id);
  return { id, ...object, aliases: [...object.aliases] };
}

function viewNpc(world: World, id: string): WorldView['npcs'][number] {
  const npc = world.npcs[id];
  if (npc === undefined) throw brokenWorld(world, 'npc', id);
  const { name, aliases, description, mood, disposition, met } = npc;
  return { id, name, aliases: [...aliases], description, mood, disposition, met };
}
