import type { RollbackError, RollbackResult } from '../contracts/rollback.ts';
import { untilAborted } from '../kernel/abort.ts';
import { isFleetError } from '../kernel/errors.ts';
import type { LedgerEntry } from '../primitives/durable/begin-rollback.ts';
import {
  markUndone,
  undoKey,
  undoTurn,
  undoWorld,
  type UndoClaim,
  type UndoVerdict,
} from '../primitives/durable/undo-effect.ts';
import type { Compensators } from '../primitives/effects/effect.ts';
import { digestOf, tempFiles } from '../primitives/effects/temp-files.ts';
import { recordPatch, UNDO_OPS } from '../sessions/world/patch-record.ts';
import { undoWorldPatch, type WorldPatch } from '../sessions/world/world-patch.ts';
import { decodeWorld, encodeWorld, readStoredWorld } from '../sessions/world-codec.ts';
import type { WorkflowContext } from './context.ts';

/** What the effects of one run are undone with. */
export interface UndoContext {
  readonly store: WorkflowContext['store'];
  readonly hasWorldOutbox: boolean;
  readonly tempRoot: string | null;
  readonly compensators: Compensators;
  /** Undo all that a called run did. Errors: run_not_found, rollback_in_progress, backend_unavailable */
  readonly rollBackCalled: (runId: string) => Promise<RollbackResult>;
  /** Longest time one call of a compensator may take. */
  readonly compensatorTimeoutMs: number;
}

export type Undone =
  | { readonly verdict: 'undone' | 'nothing' | 'before' | 'lost' }
  /** It is left as it is. */
  | { readonly verdict: 'error'; readonly error: RollbackError };

/** A world that others keep changing is read again this often. */
const RACES = 20;

/**
 * Undo one effect and mark it. Whatever is interrupted in between may be repeated: the second time finds the state it
 * would have made, or a compensator that bears being called again.
 *
 * Errors: backend_unavailable
 */
export async function undoEffect(ctx: UndoContext, entry: LedgerEntry, claim: UndoClaim): Promise<Undone> {
  const { effect } = entry;
  switch (effect.kind) {
    case 'world_patch':
      // The patch was written by worldPatch.
      return undoPatch(ctx, entry, claim, effect.world, effect.patch as WorldPatch);
    case 'session_turn':
      return asUndone(entry, await undoTurn(ctx.store, claim, effect), `session "${effect.session}"`);
    case 'redis_key': {
      const { name, value, ttl_ms: ttlMs } = effect;
      const verdict = await undoKey(ctx.store, claim, { name, value, hasExpiry: ttlMs !== null });
      return asUndone(entry, verdict, `key "${name}"`);
    }
    case 'file':
      return undoFile(ctx, entry, claim, effect.file);
    case 'compensator':
      return compensate(ctx, entry, claim, effect.name, effect.args);
    case 'called_run':
      return undoCalled(ctx, entry, claim, effect.run);
    default:
      return failed(entry, {
        code: 'undo_unavailable',
        message: 'this process does not know effects of this kind',
      });
  }
}

async function undoPatch(
  { store, hasWorldOutbox }: UndoContext,
  entry: LedgerEntry,
  claim: UndoClaim,
  worldId: string,
  patch: WorldPatch,
): Promise<Undone> {
  for (let race = 0; race < RACES; race++) {
    const stored = await readStoredWorld(store, worldId);
    if (stored === null) {
      const verdict = await markUndone(store, claim);
      return asUndone(entry, verdict === 'undone' ? 'nothing' : verdict, `world "${worldId}"`);
    }
    const current = decodeWorld(stored);
    const next = undoWorldPatch(current, patch);
    if (next === null) return asUndone(entry, 'conflict', `world "${worldId}"`);
    const { version } = next;
    const data = encodeWorld(next);
    const verdict = await undoWorld(store, claim, {
      worldId,
      readVersion: stored.version,
      version,
      data,
      step: entry.effect.step,
      ...recordPatch(current, next, UNDO_OPS, { hasOutbox: hasWorldOutbox }),
    });
    if (verdict !== 'raced') return asUndone(entry, verdict, `world "${worldId}"`);
  }
  return asUndone(entry, 'conflict', `world "${worldId}"`);
}

async function undoFile(
  { store, tempRoot }: UndoContext,
  entry: LedgerEntry,
  claim: UndoClaim,
  file: string,
): Promise<Undone> {
  const before = entry.before === null ? null : Buffer.from(entry.before, 'base64');
  let verdict: UndoVerdict = 'nothing';
  try {
    const files = tempFiles(tempRoot);
    const current = await files.read(file);
    const isAsBefore = current === null || before === null ? current === before : current.equals(before);
    if (!isAsBefore) {
      if (current === null || !entry.digests.includes(digestOf(current))) {
        return asUndone(entry, 'conflict', `file "${file}"`);
      }
      if (before === null) await files.remove(file);
      else await files.write(file, before);
      verdict = 'undone';
    }
  } catch (error) {
    const isRefused = isFleetError(error) && error.code === 'effect_refused';
    const message = messageOf(error);
    return failed(
      entry,
      isRefused ? { code: 'undo_unavailable', message } : { code: 'undo_failed', message },
    );
  }
  const marked = await markUndone(store, claim);
  return asUndone(entry, marked === 'undone' ? verdict : marked, `file "${file}"`);
}

/** A called run has a ledger of its own; it is undone to its start, by the same rules. */
async function undoCalled(
  ctx: UndoContext,
  entry: LedgerEntry,
  claim: UndoClaim,
  runId: string,
): Promise<Undone> {
  let result: RollbackResult;
  try {
    result = await ctx.rollBackCalled(runId);
  } catch (error) {
    if (!isFleetError(error) || error.code === 'backend_unavailable') throw error;
    const code = error.code === 'run_not_found' ? 'undo_unavailable' : 'undo_failed';
    return failed(entry, { code, message: error.message });
  }
  const [first] = result.errors;
  if (first !== undefined) {
    const more = result.errors.length === 1 ? '' : ` (and ${result.errors.length - 1} more)`;
    return failed(entry, { code: first.code, message: `run ${runId}: ${first.message}${more}` });
  }
  const verdict = await markUndone(ctx.store, claim);
  return asUndone(
    entry,
    verdict === 'undone' && result.executed === 0 ? 'nothing' : verdict,
    `run "${runId}"`,
  );
}

async function compensate(
  ctx: UndoContext,
  entry: LedgerEntry,
  claim: UndoClaim,
  name: string,
  args: unknown,
): Promise<Undone> {
  const compensator = Object.hasOwn(ctx.compensators, name) ? ctx.compensators[name] : undefined;
  if (compensator === undefined) {
    const message = `this process knows no compensator "${name}" of the workflow`;
    return failed(entry, { code: 'undo_unavailable', message });
  }
  const { step } = entry.effect;
  const signal = AbortSignal.timeout(ctx.compensatorTimeoutMs);
  const idempotencyKey = `${claim.runId}.${step}~undo.${entry.seq}`;
  try {
    const call = compensator(structuredClone(args), {
      runId: claim.runId,
      path: step,
      idempotencyKey,
      signal,
    });
    await untilAborted(call, signal);
  } catch (error) {
    return failed(entry, { code: 'undo_failed', message: `compensator "${name}": ${messageOf(error)}` });
  }
  return asUndone(entry, await markUndone(ctx.store, claim), `compensator "${name}"`);
}

function asUndone(entry: LedgerEntry, verdict: UndoVerdict, what: string): Undone {
  if (verdict !== 'conflict' && verdict !== 'raced') return { verdict };
  return failed(entry, { code: 'undo_conflict', message: `${what} was changed by somebody else since` });
}

function failed({ effect }: LedgerEntry, why: Pick<RollbackError, 'code' | 'message'>): Undone {
  return { verdict: 'error', error: { ...why, kind: effect.kind, step: effect.step } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
