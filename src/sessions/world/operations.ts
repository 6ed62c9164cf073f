import { assertNever } from '../../kernel/errors.ts';
import {
  MAX_WORLD_EVENTS,
  type AppliedOperation,
  type RejectedOperation,
  type World,
  type WorldOperation,
} from '../../contracts/world.ts';
import {
  addFact,
  addLocation,
  addNpc,
  addObject,
  adjustDisposition,
  link,
  setFlag,
  setMood,
} from './building-operations.ts';
import type { Retouch } from './explore.ts';
import { drop, give, movePlayer, openOrClose, take, use, type OperationResult } from './player-operations.ts';

export interface PatchResult {
  /** The world after the patch, one version on; null when nothing was applied. */
  readonly next: World | null;
  readonly applied: AppliedOperation[];
  readonly rejected: RejectedOperation[];
}

/**
 * Apply operations in order, each judged on the world the ones before it left. A refused one changes nothing
 * and does not stop the rest. Whatever was applied counts as one patch: version + 1, and one turn on.
 * Pure: `world` is not touched, and the same arguments give the same result.
 *
 * @param nowIso  the patch's time, ISO 8601 UTC; taken by the caller so that a retry is the same patch
 * @param retouch  has a say in places that are discovered; pure
 * Source: spec, workflows 3.2; decision 26
 */
export function applyOperations(
  world: World,
  operations: readonly WorldOperation[],
  nowIso: string,
  retouch?: Retouch,
): PatchResult {
  const draft = structuredClone(world);
  const applied: AppliedOperation[] = [];
  const rejected: RejectedOperation[] = [];
  let asksForTurn = false;
  for (const [index, operation] of operations.entries()) {
    if (operation.op === 'advance_turn') {
      asksForTurn = true;
      continue;
    }
    const result = applyOne(draft, operation, retouch);
    if ('done' in result) {
      applied.push({ index, ...result.done });
      continue;
    }
    const direction = 'direction' in operation ? operation.direction : undefined;
    const { code, message, target } = result.refused;
    rejected.push({
      index,
      op: operation.op,
      code,
      message,
      target,
      ...(direction === undefined ? {} : { direction }),
    });
  }
  if (applied.length === 0 && !asksForTurn) return { next: null, applied, rejected };
  const events = applied.map((done) => ({
    turn: world.turn + 1,
    at: nowIso,
    op: done.op,
    summary: summarize(done),
  }));
  return {
    next: {
      ...draft,
      version: world.version + 1,
      turn: world.turn + 1,
      updated_at: nowIso,
      events: [...draft.events, ...events].slice(-MAX_WORLD_EVENTS),
    },
    applied,
    rejected,
  };
}

type Visible = Exclude<WorldOperation, { op: 'advance_turn' }>;

function applyOne(draft: World, operation: Visible, retouch: Retouch | undefined): OperationResult {
  switch (operation.op) {
    case 'move_player':
      return movePlayer(draft, operation, retouch);
    case 'take':
      return take(draft, operation);
    case 'drop':
      return drop(draft, operation);
    case 'use':
      return use(draft, operation);
    case 'open':
    case 'close':
      return openOrClose(draft, operation);
    case 'give':
      return give(draft, operation);
    case 'set_mood':
      return setMood(draft, operation);
    case 'adjust_disposition':
      return adjustDisposition(draft, operation);
    case 'set_flag':
      return setFlag(draft, operation);
    case 'add_fact':
      return addFact(draft, operation);
    case 'add_location':
      return addLocation(draft, operation);
    case 'link':
      return link(draft, operation);
    case 'add_object':
      return addObject(draft, operation);
    case 'add_npc':
      return addNpc(draft, operation);
    default:
      return assertNever(operation, 'world operation');
  }
}

/** Names only: what the player wrote is never stored with the world. */
function summarize(done: AppliedOperation): string {
  const parts = [done.op, done.object_id, done.npc_id, done.direction, done.to_id, done.flag];
  return parts.filter((part) => part !== undefined).join(' ');
}
