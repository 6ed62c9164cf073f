import { UNEXPLORED, type AppliedOperation, type World, type WorldOperation } from '../../contracts/world.ts';
import type { Direction, ViewExit } from '../../contracts/world-view.ts';
import { explore, type Retouch } from './explore.ts';
import {
  brokenWorld,
  findLocation,
  findThing,
  hereOf,
  notHere,
  unknownEntity,
  type Found,
  type Refusal,
} from './lookup.ts';
import { bestMatches, nameWords } from './names.ts';
import { exitsOf } from './view.ts';

/** What an operation did (without its index), or why it was refused. */
export type OperationResult = { done: Omit<AppliedOperation, 'index'> } | { refused: Refusal };
type Op<K extends WorldOperation['op']> = Extract<WorldOperation, { op: K }>;
type FoundObject = Extract<Found, { kind: 'object' }>;

// Each function below changes `world`, a private draft, only when it returns `done`.

export function movePlayer(world: World, op: Op<'move_player'>, retouch?: Retouch): OperationResult {
  const exit = op.to === undefined ? exitTowards(world, op.direction) : exitNamed(world, op.to);
  if (exit === undefined) return { refused: noExit(world, op) };
  const from = world.player.location_id;
  const discovered = exit.to_id === UNEXPLORED;
  const to = discovered ? explore(world, from, exit.direction, retouch) : exit.to_id;
  const firstVisit = !world.player.visited.includes(to);
  if (firstVisit) world.player.visited.push(to);
  world.player.came_from = from;
  world.player.location_id = to;
  return {
    done: {
      op: 'move_player',
      direction: exit.direction,
      to_id: to,
      to_name: hereOf(world).name,
      first_visit: firstVisit,
      discovered,
    },
  };
}

export function take(world: World, op: Op<'take'>): OperationResult {
  const found = findThing(world, op.object);
  if (found === null) return { refused: unknownEntity(op.object) };
  const keeper = found.where === 'elsewhere' ? keeperHere(world, found.id) : undefined;
  if (keeper !== undefined && found.kind === 'object') return handBack(world, found, keeper);
  if (found.where === 'elsewhere') return { refused: notHere(nameOf(found)) };
  if (found.kind === 'npc' || (found.where === 'here' && !found.object.portable)) {
    return refuse('not_portable', nameOf(found), 'cannot be carried');
  }
  if (found.where === 'carried') return refuse('already_carried', found.object.name, 'is carried already');
  remove(hereOf(world).objects, found.id);
  world.player.inventory.push(found.id);
  return { done: { op: 'take', ...objectFields(found) } };
}

/** Who stands here and holds it. */
function keeperHere(world: World, objectId: string): string | undefined {
  return hereOf(world).npcs.find((id) => world.npcs[id]?.carries.includes(objectId));
}

/** What was given is given back when it is asked for. */
function handBack(world: World, found: FoundObject, keeperId: string): OperationResult {
  const keeper = world.npcs[keeperId];
  if (keeper === undefined) throw brokenWorld(world, 'npc', keeperId);
  remove(keeper.carries, found.id);
  world.player.inventory.push(found.id);
  return {
    done: { op: 'take', ...objectFields(found), npc_id: keeperId, npc_name: keeper.name },
  };
}

export function drop(world: World, op: Op<'drop'>): OperationResult {
  const found = carried(world, op.object);
  if ('code' in found) return { refused: found };
  remove(world.player.inventory, found.id);
  hereOf(world).objects.push(found.id);
  return { done: { op: 'drop', ...objectFields(found) } };
}

export function give(world: World, op: Op<'give'>): OperationResult {
  const found = carried(world, op.object);
  if ('code' in found) return { refused: found };
  const receiver = personHere(world, op.npc);
  if ('code' in receiver) return { refused: receiver };
  remove(world.player.inventory, found.id);
  receiver.npc.carries.push(found.id);
  receiver.npc.met = true;
  return { done: { op: 'give', ...objectFields(found), npc_id: receiver.id, npc_name: receiver.npc.name } };
}

export function use(world: World, op: Op<'use'>): OperationResult {
  const found = reachable(world, op.object);
  if ('code' in found) return { refused: found };
  if (found.object.openable && !found.object.open) return refuse('closed', found.object.name, 'is closed');
  if (op.on !== undefined) {
    const on = findThing(world, op.on);
    if (on === null) return { refused: unknownEntity(op.on) };
    if (on.where === 'elsewhere') return { refused: notHere(nameOf(on)) };
  }
  world.player.flags[`used_${found.id}`.slice(0, 64)] = true;
  return { done: { op: 'use', ...objectFields(found) } };
}

export function openOrClose(world: World, op: Op<'open'> | Op<'close'>): OperationResult {
  const found = reachable(world, op.object);
  if ('code' in found) return { refused: found };
  const { object } = found;
  if (!object.openable)
    return refuse('not_suitable', object.name, `cannot be ${op.op === 'open' ? 'opened' : 'closed'}`);
  const open = op.op === 'open';
  if (object.open === open) {
    return refuse(
      open ? 'already_open' : 'already_closed',
      object.name,
      `is already ${open ? 'open' : 'closed'}`,
    );
  }
  object.open = open;
  return { done: { op: op.op, ...objectFields(found) } };
}

/** The person standing here who is meant, or why there is none. */
export function personHere(world: World, ref: string): Extract<Found, { kind: 'npc' }> | Refusal {
  const found = findThing(world, ref);
  if (found === null) return unknownEntity(ref);
  if (found.where === 'elsewhere') return notHere(nameOf(found));
  if (found.kind === 'npc') return found;
  return {
    code: 'not_suitable',
    message: `the ${found.object.name} is not a person`,
    target: found.object.name,
  };
}

function refuse(code: Refusal['code'], name: string, why: string): OperationResult {
  return { refused: { code, message: `the ${name} ${why}`, target: name } };
}

function exitTowards(world: World, direction: Direction | undefined): ViewExit | undefined {
  const exits = exitsOf(world);
  // Where there is but one way, it leads out.
  const only = direction === 'out' && exits.length === 1 ? exits[0] : undefined;
  return exits.find((exit) => exit.direction === direction) ?? only;
}

/** Only a name that exactly one exit answers to moves anybody. */
function exitNamed(world: World, ref: string): ViewExit | undefined {
  const exits = exitsOf(world);
  const byId = exits.filter((exit) => exit.to_id === ref);
  const matches =
    byId.length > 0
      ? byId
      : bestMatches(
          nameWords(ref),
          exits.map((exit) => ({ ...exit, id: exit.to_id, name: exit.to_name })),
        );
  return matches.length === 1 ? matches[0] : undefined;
}

function noExit(world: World, op: Op<'move_player'>): Refusal {
  const open = exitsOf(world).map((exit) => `${exit.direction} to ${exit.to_name}`);
  const ways = open.length === 0 ? 'no way is open' : `open: ${open.join(', ')}`;
  const target = op.to === undefined ? (op.direction ?? '') : placeOrThingName(world, op.to);
  const where = op.to === undefined ? `leads ${target}` : `leads to "${target}"`;
  return { code: 'no_exit', message: `no single exit ${where}; ${ways}`, target };
}

/** The proper name of what the player wanted to reach, when it exists at all. */
function placeOrThingName(world: World, ref: string): string {
  const place = world.locations[findLocation(world, ref) ?? ''];
  if (place !== undefined) return place.name;
  const found = findThing(world, ref);
  return found === null ? ref : nameOf(found);
}

function reachable(world: World, ref: string): FoundObject | Refusal {
  const found = findThing(world, ref, 'carried');
  if (found === null) return unknownEntity(ref);
  if (found.where === 'elsewhere') return notHere(nameOf(found));
  if (found.kind === 'object') return found;
  return { code: 'not_suitable', message: `the ${found.npc.name} is a person`, target: found.npc.name };
}

function carried(world: World, ref: string): FoundObject | Refusal {
  const found = findThing(world, ref, 'carried');
  if (found === null) return unknownEntity(ref);
  if (found.kind === 'object' && found.where === 'carried') return found;
  return { code: 'not_carried', message: `the ${nameOf(found)} is not carried`, target: nameOf(found) };
}

function nameOf(found: Found): string {
  return found.kind === 'object' ? found.object.name : found.npc.name;
}

function objectFields(found: FoundObject): { object_id: string; object_name: string } {
  return { object_id: found.id, object_name: found.object.name };
}

function remove(list: string[], id: string): void {
  list.splice(list.indexOf(id), 1);
}
