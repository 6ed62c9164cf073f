import type { AppliedOperation, World } from '../../contracts/world.ts';
import type { PatchOp } from '../../contracts/world-history.ts';
import { worldPatch } from './world-patch.ts';

/** What is noted of a patch beside the world itself, as JSON. */
export interface PatchRecord {
  /** Ids and names of operations; never what a player wrote. */
  readonly ops: string;
  /** {@link worldPatch} from `next` back to `before`: takes the patch back. */
  readonly undo: string;
  /** The same the other way round, for who keeps a copy of the world elsewhere; absent when nobody does. */
  readonly after?: string;
}

/**
 * The record of one accepted patch.
 *
 * @param isFirst  nobody has seen `before` either: the after-image holds the whole world
 */
export function recordPatch(
  before: World,
  next: World,
  ops: readonly PatchOp[],
  { hasOutbox, isFirst = false }: { hasOutbox: boolean; isFirst?: boolean },
): PatchRecord {
  return {
    ops: JSON.stringify(ops),
    undo: JSON.stringify(worldPatch(before, next)),
    ...(hasOutbox ? { after: JSON.stringify(worldPatch(next, isFirst ? nothingOf(before) : before)) } : {}),
  };
}

/** Operations by name and target. Without any, only the turn was counted. */
export function patchOps(applied: readonly AppliedOperation[]): PatchOp[] {
  if (applied.length === 0) return [{ op: 'advance_turn' }];
  return applied.map(({ op, direction, to_id, object_id, npc_id, flag }) =>
    withoutUndefined({ op, direction, to_id, object_id, npc_id, flag }),
  );
}

/** A rollback's way of changing a world. */
export const UNDO_OPS: readonly PatchOp[] = [{ op: 'undo' }];

function nothingOf(world: World): World {
  const player: World['player'] = { location_id: '', came_from: null, inventory: [], visited: [], flags: {} };
  return { ...world, player, locations: {}, objects: {}, npcs: {}, facts: [], events: [] };
}

function withoutUndefined(op: { [K in keyof PatchOp]: PatchOp[K] | undefined }): PatchOp {
  // Only keys without a value are dropped.
  return Object.fromEntries(Object.entries(op).filter(([, value]) => value !== undefined)) as PatchOp;
}
