import {
  UNEXPLORED,
  type World,
  type WorldLocation,
  type WorldNpc,
  type WorldObject,
} from '../contracts/world.ts';
import { PLAYER_ID, type GraphRows, type Properties } from './graph-rows.ts';
import type { GraphWorld } from './graph-port.ts';

/**
 * A whole world as rows that replace whatever the graph had of it. Facts are counted, not copied: they may repeat
 * what a player said.
 */
export function worldRows(rows: GraphRows, world: World, appliedAt: number): GraphWorld {
  const id = world.world_id;
  rows.forgotten.push(id);
  for (const [place, location] of Object.entries(world.locations)) locationRows(rows, id, place, location);
  for (const [thing, object] of Object.entries(world.objects)) objectRows(rows, id, thing, object);
  for (const [person, npc] of Object.entries(world.npcs)) characterRows(rows, id, person, npc);
  const { player } = world;
  const flags = Object.entries(player.flags).map(([flag, value]) => [flagProperty(flag), value] as const);
  rows.nodes.Player.push({
    world: id,
    id: PLAYER_ID,
    properties: { came_from: player.came_from, ...Object.fromEntries(flags) },
  });
  rows.members.inventory.push({ world: id, id: PLAYER_ID, members: player.inventory });
  rows.stands.push({ world: id, at: player.location_id });
  rows.visited.push({ world: id, ids: player.visited });
  eventRows(rows, id, 0, world.events);
  const known = {
    version: world.version,
    createdAt: world.created_at,
    appliedAt,
    firstEvent: 0,
    nextEvent: world.events.length,
  };
  rows.worlds.push({
    world: id,
    properties: {
      ...worldProperties(known),
      turn: world.turn,
      updated_at: world.updated_at,
      fact_count: world.facts.length,
    },
  });
  return known;
}

export function locationRows(rows: GraphRows, world: string, id: string, location: WorldLocation): void {
  const { name, description, theme, mood } = location;
  rows.nodes.Location.push({
    world,
    id,
    properties: { name, description, theme, mood, visited: false },
  });
  rows.members.objects.push({ world, id, members: location.objects });
  rows.members.people.push({ world, id, members: location.npcs });
  for (const [direction, to] of Object.entries(location.exits)) exitRow(rows, world, id, direction, to);
}

export function objectRows(rows: GraphRows, world: string, id: string, object: WorldObject): void {
  const { name, description, portable, openable, open } = object;
  rows.nodes.Object.push({ world, id, properties: { name, description, portable, openable, open } });
}

export function characterRows(rows: GraphRows, world: string, id: string, npc: WorldNpc): void {
  const { name, description, mood, disposition, met } = npc;
  const properties = { name, description, mood, disposition, met, fact_count: npc.facts.length };
  rows.nodes.Character.push({ world, id, properties });
  rows.members.gifts.push({ world, id, members: npc.carries });
}

/** A way that nobody has walked leads to no node. */
export function exitRow(
  rows: GraphRows,
  world: string,
  id: string,
  direction: string,
  to: string | null,
): void {
  rows.exits.push({ world, id, direction, to: to === UNEXPLORED ? null : to });
}

export function eventRows(
  rows: GraphRows,
  world: string,
  first: number,
  events: readonly { turn: number; at: string; op: string; summary: string }[],
): void {
  for (const [index, { turn, at, op, summary }] of events.entries()) {
    rows.nodes.Event.push({ world, id: first + index, properties: { turn, at, op, summary } });
  }
}

export function flagProperty(flag: string): string {
  return `flag_${flag}`;
}

/** The names under which the graph keeps what it knows of a world. */
export function worldProperties(known: GraphWorld): Properties {
  return {
    version: known.version,
    created_at: known.createdAt,
    applied_at: known.appliedAt,
    first_event: known.firstEvent,
    next_event: known.nextEvent,
  };
}
