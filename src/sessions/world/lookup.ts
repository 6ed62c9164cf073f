import { FleetError } from '../../kernel/errors.ts';
import type { RejectionCode, World, WorldLocation, WorldNpc, WorldObject } from '../../contracts/world.ts';
import { bestMatches, nameWords } from './names.ts';

/** Why an operation cannot be done, in the terms of the contract. */
export interface Refusal {
  readonly code: RejectionCode;
  readonly message: string;
  readonly target: string;
}

export type Found =
  | { kind: 'object'; id: string; object: WorldObject; where: 'here' | 'carried' | 'elsewhere' }
  | { kind: 'npc'; id: string; npc: WorldNpc; where: 'here' | 'elsewhere' };

/** A world that contradicts itself can only come from a fault of ours. */
export function brokenWorld(world: World, what: string, id: string): FleetError {
  return new FleetError({
    code: 'world_inconsistent',
    kind: 'internal',
    message: `world "${world.world_id}" refers to ${what} "${id}", which it does not contain`,
    details: { world_id: world.world_id, version: world.version, what, id },
    retryable: false,
  });
}

export function hereOf(world: World): WorldLocation {
  const here = world.locations[world.player.location_id];
  if (here === undefined) throw brokenWorld(world, 'location', world.player.location_id);
  return here;
}

/**
 * What a word of the player or an id means, looked for where the player is first and in the whole world
 * after that. Things lying here come before things carried, unless `prefer` says otherwise.
 *
 * @returns null when nothing of that name exists anywhere
 */
export function findThing(world: World, ref: string, prefer: 'here' | 'carried' = 'here'): Found | null {
  const here = hereOf(world);
  const near =
    prefer === 'here' ? [here.objects, world.player.inventory] : [world.player.inventory, here.objects];
  const nearIds = [...near.flat(), ...here.npcs];
  const id = matchIn(world, ref, nearIds) ?? matchIn(world, ref, allIds(world));
  if (id === undefined) return null;
  const object = world.objects[id];
  if (object !== undefined) {
    const carried = world.player.inventory.includes(id);
    return {
      kind: 'object',
      id,
      object,
      where: carried ? 'carried' : here.objects.includes(id) ? 'here' : 'elsewhere',
    };
  }
  const npc = world.npcs[id];
  if (npc === undefined) throw brokenWorld(world, 'npc', id);
  return { kind: 'npc', id, npc, where: here.npcs.includes(id) ? 'here' : 'elsewhere' };
}

/** The location an id or name means, anywhere in the world. */
export function findLocation(world: World, ref: string): string | undefined {
  if (world.locations[ref] !== undefined) return ref;
  const candidates = Object.entries(world.locations).map(([id, place]) => ({ id, ...place }));
  return bestMatches(nameWords(ref), candidates)[0]?.id;
}

export function unknownEntity(ref: string): Refusal {
  return { code: 'unknown_entity', message: `there is no "${ref}" in this world`, target: ref };
}

export function notHere(name: string): Refusal {
  return { code: 'not_here', message: `the ${name} is not here`, target: name };
}

function matchIn(world: World, ref: string, ids: readonly string[]): string | undefined {
  if (ids.includes(ref)) return ref;
  const candidates = ids.map((id) => {
    const thing = world.objects[id] ?? world.npcs[id];
    if (thing === undefined) throw brokenWorld(world, 'object or npc', id);
    return { id, name: thing.name, aliases: thing.aliases };
  });
  return bestMatches(nameWords(ref), candidates)[0]?.id;
}

function allIds(world: World): string[] {
  return [...Object.keys(world.objects), ...Object.keys(world.npcs)];
}
