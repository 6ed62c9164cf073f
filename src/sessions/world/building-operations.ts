import { MAX_WORLD_FACTS, UNEXPLORED, type World, type WorldOperation } from '../../contracts/world.ts';
import { findLocation, findThing, hereOf, notHere, unknownEntity, type Refusal } from './lookup.ts';
import { personHere, type OperationResult } from './player-operations.ts';

type Op<K extends WorldOperation['op']> = Extract<WorldOperation, { op: K }>;

const MAX_NPC_FACTS = 50;

// Each function below changes `world`, a private draft, only when it returns `done`.

export function setMood(world: World, op: Op<'set_mood'>): OperationResult {
  if (op.npc === undefined) {
    hereOf(world).mood = op.mood;
    return { done: { op: 'set_mood', mood: op.mood } };
  }
  const found = anyPerson(world, op.npc);
  if ('code' in found) return { refused: found };
  found.npc.mood = op.mood;
  return { done: { op: 'set_mood', mood: op.mood, npc_id: found.id, npc_name: found.npc.name } };
}

export function adjustDisposition(world: World, op: Op<'adjust_disposition'>): OperationResult {
  const found = op.in_person === true ? personHere(world, op.npc) : anyPerson(world, op.npc);
  if ('code' in found) return { refused: found };
  const { npc } = found;
  const firstMeeting = op.in_person === true && !npc.met;
  if (op.in_person === true) npc.met = true;
  // Rounded so that many small steps add up to what they say: 20 times 0.01 is 0.2.
  npc.disposition = Math.round(Math.min(1, Math.max(-1, npc.disposition + op.delta)) * 1e6) / 1e6;
  return {
    done: {
      op: 'adjust_disposition',
      npc_id: found.id,
      npc_name: npc.name,
      delta: op.delta,
      disposition: npc.disposition,
      first_meeting: firstMeeting,
    },
  };
}

export function setFlag(world: World, op: Op<'set_flag'>): OperationResult {
  world.player.flags[op.flag] = op.value;
  return { done: { op: 'set_flag', flag: op.flag } };
}

export function addFact(world: World, op: Op<'add_fact'>): OperationResult {
  if (op.npc === undefined) {
    world.facts = appendFact(world.facts, op.text, MAX_WORLD_FACTS);
    return { done: { op: 'add_fact', text: op.text } };
  }
  const found = anyPerson(world, op.npc);
  if ('code' in found) return { refused: found };
  found.npc.facts = appendFact(found.npc.facts, op.text, MAX_NPC_FACTS);
  return { done: { op: 'add_fact', text: op.text, npc_id: found.id, npc_name: found.npc.name } };
}

export function addLocation(world: World, op: Op<'add_location'>): OperationResult {
  if (exists(world, op.id)) return { refused: alreadyExists(op.id) };
  const { name, description, theme, mood } = op;
  world.locations[op.id] = {
    name,
    aliases: op.aliases ?? [],
    description,
    theme,
    mood,
    exits: {},
    objects: [],
    npcs: [],
  };
  return { done: { op: 'add_location', to_id: op.id, to_name: name } };
}

export function link(world: World, op: Op<'link'>): OperationResult {
  const from = findLocation(world, op.from);
  if (from === undefined) return { refused: unknownEntity(op.from) };
  const to = op.to === UNEXPLORED ? UNEXPLORED : findLocation(world, op.to);
  if (to === undefined) return { refused: unknownEntity(op.to) };
  const place = world.locations[from];
  const taken = place?.exits[op.direction];
  if (place === undefined || (taken !== undefined && taken !== UNEXPLORED)) {
    return { refused: alreadyExists(`${op.direction} exit of ${from}`) };
  }
  place.exits[op.direction] = to;
  const name = world.locations[to]?.name;
  return {
    done: {
      op: 'link',
      direction: op.direction,
      to_id: to,
      ...(name === undefined ? {} : { to_name: name }),
    },
  };
}

export function addObject(world: World, op: Op<'add_object'>): OperationResult {
  if (exists(world, op.id)) return { refused: alreadyExists(op.id) };
  const location = op.location === undefined ? world.player.location_id : findLocation(world, op.location);
  const place = location === undefined ? undefined : world.locations[location];
  if (place === undefined) return { refused: unknownEntity(op.location ?? '') };
  world.objects[op.id] = {
    name: op.name,
    aliases: op.aliases ?? [],
    description: op.description,
    use_text: op.use_text ?? '',
    portable: op.portable ?? true,
    openable: op.openable ?? false,
    open: false,
  };
  place.objects.push(op.id);
  return { done: { op: 'add_object', object_id: op.id, object_name: op.name } };
}

export function addNpc(world: World, op: Op<'add_npc'>): OperationResult {
  if (exists(world, op.id)) return { refused: alreadyExists(op.id) };
  const location = op.location === undefined ? world.player.location_id : findLocation(world, op.location);
  const place = location === undefined ? undefined : world.locations[location];
  if (place === undefined) return { refused: unknownEntity(op.location ?? '') };
  const { name, description, mood } = op;
  world.npcs[op.id] = {
    name,
    aliases: op.aliases ?? [],
    description,
    mood,
    disposition: 0,
    met: false,
    facts: [],
    carries: [],
  };
  place.npcs.push(op.id);
  return { done: { op: 'add_npc', npc_id: op.id, npc_name: name } };
}

function anyPerson(world: World, ref: string): Exclude<ReturnType<typeof personHere>, Refusal> | Refusal {
  const found = findThing(world, ref);
  if (found === null) return unknownEntity(ref);
  if (found.kind === 'npc') return found;
  return found.where === 'elsewhere'
    ? notHere(found.object.name)
    : {
        code: 'not_suitable',
        message: `the ${found.object.name} is not a person`,
        target: found.object.name,
      };
}

/** One id means one thing, whatever its kind. */
function exists(world: World, id: string): boolean {
  return world.locations[id] !== undefined || world.objects[id] !== undefined || world.npcs[id] !== undefined;
}

function alreadyExists(what: string): Refusal {
  return { code: 'already_exists', message: `"${what}" exists already`, target: what };
}

function appendFact(facts: readonly string[], fact: string, limit: number): string[] {
  return facts.includes(fact) ? [...facts] : [...facts, fact].slice(-limit);
}
