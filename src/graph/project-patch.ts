import { z } from 'zod';
import {
  Direction,
  EntityId,
  FlagValue,
  World,
  WorldLocation,
  WorldNpc,
  WorldObject,
} from '../contracts/world.ts';
import type { GraphWorld } from './graph-port.ts';
import { PLAYER_ID, type GraphRows, type NodeLabel, type Primitive } from './graph-rows.ts';
import type { OutboxPatch } from './outbox-entry.ts';
import { newEvents } from './project-events.ts';
import {
  characterRows,
  eventRows,
  exitRow,
  flagProperty,
  locationRows,
  objectRows,
  worldProperties,
} from './project-world.ts';

/** Properties that are copied as they are, with what they must look like. */
const COPIED = {
  Location: WorldLocation.pick({ name: true, description: true, theme: true, mood: true }).shape,
  Object: WorldObject.pick({ name: true, description: true, portable: true, openable: true, open: true })
    .shape,
  Character: WorldNpc.pick({ name: true, description: true, mood: true, disposition: true, met: true }).shape,
} as const satisfies Partial<Record<NodeLabel, Record<string, z.ZodType<Primitive>>>>;

/** What players read and nobody counts. */
const LEFT_OUT: ReadonlySet<string> = new Set(['aliases', 'use_text']);

const Ids = z.array(EntityId);

/**
 * A patch as rows, for a graph that holds the world one version before it.
 *
 * @returns what the graph then knows of the world; null, with nothing added, when the patch touches a place that has
 *   no counterpart in the graph, so that the whole world must be read
 */
export function patchRows(
  rows: GraphRows,
  world: string,
  patch: OutboxPatch,
  known: GraphWorld,
  to: { readonly version: number; readonly at: number },
): GraphWorld | null {
  const writes: Write[] = [];
  const properties: Record<string, Primitive> = {};
  for (const { path, before: value } of patch.changes) {
    const write = changeOf({ rows, world, properties }, path, value);
    if (write === null) return null;
    writes.push(write);
  }
  const events = newEvents(known, patch.events);
  if (events === null) return null;
  for (const write of writes) write();
  for (const id of events.gone) rows.removed.Event.push({ world, id });
  eventRows(rows, world, events.from, events.come);
  const next = {
    version: to.version,
    createdAt: known.createdAt,
    appliedAt: Math.max(known.appliedAt, to.at),
    firstEvent: events.firstEvent,
    nextEvent: events.nextEvent,
  };
  const [turn, updatedAt] = [patch.turn[0], patch.updated_at[0]];
  rows.worlds.push({
    world,
    properties: { ...properties, ...worldProperties(next), turn, updated_at: updatedAt },
  });
  return next;
}

interface Target {
  readonly rows: GraphRows;
  readonly world: string;
  /** Of the world's own node. */
  readonly properties: Record<string, Primitive>;
}
type Write = () => void;

function changeOf(target: Target, path: readonly string[], value: unknown): Write | null {
  const [part, id, field, last] = path;
  if (part === 'facts' && id === undefined) {
    return given(World.shape.facts, value, (facts) => {
      target.properties['fact_count'] = facts.length;
    });
  }
  if (part === 'player') return playerChange(target, path, value);
  if (id === undefined || path.length > (field === 'exits' ? 4 : 3)) return null;
  const { rows, world } = target;
  switch (part) {
    case 'locations':
      if (field === undefined)
        return entityChange(target, 'Location', id, WorldLocation, value, locationRows);
      if (field === 'exits') return exitChange(target, id, last, value);
      if (field === 'objects') {
        return given(Ids, value, (members) => rows.members.objects.push({ world, id, members }));
      }
      if (field === 'npcs') {
        return given(Ids, value, (members) => rows.members.people.push({ world, id, members }));
      }
      return propertyChange(target, 'Location', id, field, value);
    case 'objects':
      if (field === undefined) return entityChange(target, 'Object', id, WorldObject, value, objectRows);
      return propertyChange(target, 'Object', id, field, value);
    case 'npcs':
      if (field === undefined) return entityChange(target, 'Character', id, WorldNpc, value, characterRows);
      if (field === 'carries') {
        return given(Ids, value, (members) => rows.members.gifts.push({ world, id, members }));
      }
      if (field === 'facts') {
        return given(WorldNpc.shape.facts, value, (facts) =>
          rows.nodes.Character.push({ world, id, properties: { fact_count: facts.length } }),
        );
      }
      return propertyChange(target, 'Character', id, field, value);
    default:
      return null;
  }
}

function playerChange({ rows, world }: Target, path: readonly string[], value: unknown): Write | null {
  const [, field, flag] = path;
  const player = (name: string, now: Primitive) =>
    rows.nodes.Player.push({ world, id: PLAYER_ID, properties: { [name]: now } });
  if (field === 'flags' && flag !== undefined && path.length === 3) {
    return given(FlagValue.nullable(), value ?? null, (set) => player(flagProperty(flag), set));
  }
  if (path.length !== 2) return null;
  switch (field) {
    case 'location_id':
      return given(EntityId, value, (at) => rows.stands.push({ world, at }));
    case 'came_from':
      return given(EntityId.nullable(), value, (place) => player('came_from', place));
    case 'inventory':
      return given(Ids, value, (members) => rows.members.inventory.push({ world, id: PLAYER_ID, members }));
    case 'visited':
      return given(Ids, value, (ids) => rows.visited.push({ world, ids }));
    default:
      return null;
  }
}

/** A node that came as a whole, or went. */
function entityChange<T>(
  { rows, world }: Target,
  label: NodeLabel,
  id: string,
  schema: z.ZodType<T>,
  value: unknown,
  project: (rows: GraphRows, world: string, id: string, entity: T) => void,
): Write | null {
  if (value === undefined) return () => rows.removed[label].push({ world, id });
  return given(schema, value, (entity) => project(rows, world, id, entity));
}

function exitChange({ rows, world }: Target, id: string, direction: string | undefined, value: unknown) {
  if (!Direction.safeParse(direction).success) return null;
  return given(EntityId.nullable(), value ?? null, (to) => exitRow(rows, world, id, direction!, to));
}

function propertyChange(
  { rows, world }: Target,
  label: keyof typeof COPIED,
  id: string,
  field: string,
  value: unknown,
): Write | null {
  if (LEFT_OUT.has(field)) return () => undefined;
  const schemas: Readonly<Record<string, z.ZodType<Primitive>>> = COPIED[label];
  const schema = Object.hasOwn(schemas, field) ? schemas[field] : undefined;
  if (schema === undefined) return null;
  return given(schema, value, (set) => rows.nodes[label].push({ world, id, properties: { [field]: set } }));
}

/** A write of what was given, if it is what it must be. */
function given<T>(schema: z.ZodType<T>, value: unknown, write: (value: T) => unknown): Write | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? () => void write(parsed.data) : null;
}
