import { DIRECTIONS } from '../../src/contracts/world-view.ts';
import type { World, WorldOperation } from '../../src/contracts/world.ts';
import { readEntry, type OutboxEntry } from '../../src/graph/outbox-entry.ts';
import { toIso } from '../../src/kernel/clock.ts';
import { applyOperations } from '../../src/sessions/world/operations.ts';
import { createStarterWorld } from '../../src/sessions/world/starter-world.ts';
import { undoWorldPatch, worldPatch, type WorldPatch } from '../../src/sessions/world/world-patch.ts';

/** Writes to one world as a fleet makes them, each with the entry that it leaves in the outbox. */
export interface Chapter {
  readonly world: World;
  readonly fields: Readonly<Record<string, string>>;
}

const START_MS = Date.UTC(2026, 0, 1);

export function firstWorld(worldId: string, atMs = START_MS): World {
  return createStarterWorld(worldId, toIso(atMs));
}

/** @param after  null when the operations changed nothing */
export function chapter(before: World, operations: readonly WorldOperation[], atMs: number): Chapter | null {
  const { next } = applyOperations(before, operations, toIso(atMs));
  return next === null ? null : entryOf(before, next, atMs);
}

/** What the world part of the fleet appends: the patch from the one world to the other. */
export function entryOf(before: World, after: World, atMs: number): Chapter {
  const patch = JSON.stringify(worldPatch(after, before));
  const { world_id, version } = after;
  return {
    world: after,
    fields: { kind: 'patch', world_id, version: String(version), patch, at: String(atMs) },
  };
}

export function forgetting(worldId: string): Readonly<Record<string, string>> {
  return { kind: 'forget', world_id: worldId };
}

/** As the consumer reads them. */
export function entries(fields: readonly Readonly<Record<string, string>>[], first = 1): OutboxEntry[] {
  return fields.map((one, index) => readEntry(`${first + index}-0`, one));
}

/** A story of some writes, a sixth of which take back the one before them. */
export function randomStory(worldId: string, length: number, random: () => number): Chapter[] {
  const story: Chapter[] = [];
  let world = firstWorld(worldId);
  let last: WorldPatch | null = null;
  for (let at = START_MS + 1000; story.length < length; at += 1000) {
    const undone: World | null = last !== null && random() < 0.16 ? undoWorldPatch(world, last) : null;
    const next: World | null =
      undone ?? applyOperations(world, randomOperations(world, random), toIso(at)).next;
    if (next === null) continue;
    last = undone === null ? worldPatch(world, next) : null;
    story.push(entryOf(world, next, at));
    world = next;
  }
  return story;
}

function randomOperations(world: World, random: () => number): WorldOperation[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const object = (): string => pick(Object.keys(world.objects));
  const npc = (): string => pick(Object.keys(world.npcs));
  const place = (): string => pick(Object.keys(world.locations));
  const name = `n${world.version}_${Math.floor(random() * 1e6)}`;
  const kinds: (() => WorldOperation)[] = [
    () => ({ op: 'move_player', direction: pick(DIRECTIONS) }),
    () => ({ op: 'move_player', direction: pick(['north', 'south', 'east', 'west']) }),
    () => ({ op: 'take', object: object() }),
    () => ({ op: 'drop', object: object() }),
    () => ({ op: 'give', object: object(), npc: npc() }),
    () => ({ op: 'open', object: object() }),
    () => ({ op: 'adjust_disposition', npc: npc(), delta: pick([-0.5, 0.25, 1]), in_person: random() < 0.7 }),
    () => ({ op: 'set_mood', mood: pick(['calm', 'glad']), npc: npc() }),
    () => ({ op: 'set_mood', mood: pick(['calm', 'misty']) }),
    () => ({ op: 'set_flag', flag: pick(['rested', 'lamp_lit']), value: pick([true, 7, 'often']) }),
    () => ({ op: 'add_fact', text: name, ...(random() < 0.5 ? { npc: npc() } : {}) }),
    () => ({ op: 'add_location', id: name, name, description: 'new', theme: 'hope', mood: 'calm' }),
    () => ({ op: 'link', from: place(), direction: pick(DIRECTIONS), to: pick([place(), 'unexplored']) }),
    () => ({ op: 'add_object', id: name, name, description: 'new', portable: true, openable: true }),
    () => ({ op: 'add_npc', id: name, name, description: 'new', mood: 'calm' }),
  ];
  return Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(kinds)());
}
