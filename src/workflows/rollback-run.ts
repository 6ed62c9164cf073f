import { randomUUID } from 'node:crypto';
import { HistoryEntry, type RollbackEntry, type RollbackResult } from '../contracts/rollback.ts';
import { isOpen } from '../contracts/run.ts';
import { isFleetError } from '../kernel/errors.ts';
import { askRollback } from '../primitives/durable/begin-rollback.ts';
import { readRollbacks } from '../primitives/durable/finish-rollback.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { cancelRun, runNotFound } from './cancel.ts';
import type { WorkflowContext } from './context.ts';
import { rollBack, runActive, savepointNotFound } from './rollback.ts';

export interface ManualRollback {
  readonly savepoint: string;
  readonly actor: string;
  readonly reason?: string | undefined;
  readonly cancel: boolean;
}

/**
 * Roll a run back because somebody wants it. One that is open is cancelled first when `cancel` says so: whoever ends it
 * rolls it back then, to this savepoint and not to the one its workflow names, before its session goes on.
 *
 * @param ended  waits for the end of the run, for as long as the caller can
 * Errors: those of rollBack; run_active also when the run does not end in time
 */
export async function rollBackRun(
  ctx: WorkflowContext,
  run: RunRecord,
  request: ManualRollback,
  ended: () => Promise<RunRecord | null>,
): Promise<RollbackResult> {
  const { savepoint, actor, reason } = request;
  const id = randomUUID();
  if (isOpen(run.status)) {
    if (!request.cancel) throw runActive(run.run_id, run.status);
    await cancelWithRollback(ctx, run, request, id);
    const now = await ended();
    if (now === null) throw runNotFound(run.run_id);
    if (isOpen(now.status)) throw runActive(run.run_id, now.status);
    const done = (await historyOf(ctx, run.run_id)).find((entry) => entry.id === id);
    if (done !== undefined) return resultOf(done);
  }
  return rollBack(ctx, run, { savepoint, actor, reason, trigger: 'manual', id });
}

async function cancelWithRollback(
  ctx: WorkflowContext,
  { run_id: runId }: RunRecord,
  { savepoint, actor, reason }: ManualRollback,
  id: string,
): Promise<void> {
  const by = { id, actor, ...(reason === undefined ? {} : { reason }) };
  const asked = await askRollback(ctx.store, { runId, savepoint, by });
  if (asked === 'missing') throw runNotFound(runId);
  if (asked === 'savepoint_not_found') throw savepointNotFound(runId, savepoint);
  if (asked === 'not_open') return;
  try {
    await cancelRun(ctx, runId, reason ?? `cancelled and rolled back by ${actor}`);
  } catch (error) {
    // It ended by itself, or is ending already.
    if (!isFleetError(error) || error.code !== 'run_not_cancellable') throw error;
  }
}

/** Newest first; also of a run whose record is gone. Errors: run_not_found, backend_unavailable */
export async function rollbackHistory(ctx: WorkflowContext, runId: string): Promise<HistoryEntry[]> {
  const entries = await historyOf(ctx, runId);
  if (entries.length === 0 && (await readRunRecord(ctx.store, runId)) === null) throw runNotFound(runId);
  return entries.map(({ id: _id, ...entry }) => HistoryEntry.parse({ kind: 'rollback', ...entry }));
}

async function historyOf(
  ctx: WorkflowContext,
  runId: string,
): Promise<(RollbackEntry & { readonly id?: string })[]> {
  // Entries are written by rollBack, without a kind, and by the watchdog and the workers' warnings, with one.
  return (await readRollbacks(ctx.store, runId)) as (RollbackEntry & { id?: string })[];
}

function resultOf({ savepoint, executed, skipped, errors }: RollbackEntry): RollbackResult {
  return { ok: errors.length === 0, savepoint, executed, skipped, errors };
}
