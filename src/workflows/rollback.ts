import { randomUUID } from 'node:crypto';
import type { RollbackEntry, RollbackError, RollbackResult } from '../contracts/rollback.ts';
import { toIso } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { beginRollback, type LedgerEntry } from '../primitives/durable/begin-rollback.ts';
import { finishRollback } from '../primitives/durable/finish-rollback.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { renewRollback, type UndoClaim } from '../primitives/durable/undo-effect.ts';
import { runNotFound } from './cancel.ts';
import type { WorkflowContext } from './context.ts';
import { START } from '../primitives/effects/effect.ts';
import { undoEffect, type UndoContext } from './undo.ts';

/** After this time without a sign of life somebody else may go on with a rollback. */
const LEASE_MS = 5_000;
const RENEW_EVERY_MS = 1_500;
const COMPENSATOR_TIMEOUT_MS = 60_000;

export interface RollbackRequest {
  readonly savepoint: string;
  readonly trigger: 'manual' | 'auto';
  /** The run ends with it; otherwise it must have ended. */
  readonly isEnding?: boolean;
  readonly actor: string;
  readonly reason?: string | undefined;
  /** Tells this request's entry in the history from others. */
  readonly id?: string | undefined;
}

/**
 * Undo what a run did after a savepoint, newest first:
 *
 * 1. take the run: one rollback at a time, held by a lease
 * 2. undo each effect that is not marked, and mark it in the same script; what cannot be undone is left and told
 * 3. write the history, the event, and what the run is now
 *
 * A rollback whose process dies leaves its lease to lapse; the next one finds the marks and goes on from there.
 *
 * Errors: run_not_found, savepoint_not_found (not_found), run_active, rollback_in_progress (conflict),
 * backend_unavailable
 */
export async function rollBack(
  ctx: WorkflowContext,
  run: Pick<RunRecord, 'run_id' | 'workflow' | 'version'>,
  request: RollbackRequest,
): Promise<RollbackResult> {
  const runId = run.run_id;
  const { savepoint, trigger } = request;
  const startedAt = performance.now();
  const claim = { runId, token: randomUUID(), leaseMs: LEASE_MS };
  const begun = await beginRollback(ctx.store, { ...claim, savepoint, isEnding: request.isEnding === true });
  switch (begun.verdict) {
    case 'begun':
      break;
    case 'missing':
      throw runNotFound(runId);
    case 'over':
      return { ok: true, savepoint, executed: 0, skipped: 0, errors: [] };
    case 'savepoint_not_found':
      throw savepointNotFound(runId, savepoint);
    case 'active':
      throw runActive(runId, begun.status);
    case 'in_progress':
      throw rollbackInProgress(runId);
  }
  const undone = await undoAll(ctx, run, request, claim, begun.entries);
  const outcome = undone.errors.length === 0 ? 'complete' : 'partial';
  const { executed, skipped, errors } = undone;
  const nowMs = ctx.clock.now();
  const entry: RollbackEntry & { id?: string } = {
    at: toIso(nowMs),
    trigger,
    actor: request.actor,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    savepoint,
    executed,
    skipped,
    errors: [...errors],
    outcome,
    duration_ms: Math.round(performance.now() - startedAt),
    ...(request.id === undefined ? {} : { id: request.id }),
  };
  const event = { savepoint, trigger, executed, skipped, errors: errors.length, outcome };
  const finished = await finishRollback(ctx.store, {
    runId,
    token: claim.token,
    savepoint,
    outcome,
    entry,
    event: executed + errors.length === 0 ? null : event,
    keepSeconds: ctx.settings.rollbackRetentionSeconds,
    nowMs,
  });
  if (!finished) throw rollbackInProgress(runId);
  ctx.metrics.workflow_rollbacks_total.inc({ trigger, outcome });
  ctx.log[outcome === 'complete' ? 'info' : 'warn']({ workflow_id: runId, ...event }, 'run rolled back');
  return { ok: errors.length === 0, savepoint, executed, skipped, errors: [...errors] };
}

async function undoAll(
  ctx: WorkflowContext,
  run: Pick<RunRecord, 'run_id' | 'workflow' | 'version'>,
  { trigger, actor, reason }: RollbackRequest,
  claim: Omit<UndoClaim, 'seq' | 'nowMs'>,
  entries: readonly LedgerEntry[],
): Promise<{ executed: number; skipped: number; errors: readonly RollbackError[] }> {
  const undo: UndoContext = {
    store: ctx.store,
    hasWorldOutbox: ctx.settings.hasWorldOutbox ?? false,
    tempRoot: ctx.settings.tempRoot,
    compensators: ctx.catalog.find(run.workflow, run.version)?.compensators ?? {},
    compensatorTimeoutMs: COMPENSATOR_TIMEOUT_MS,
    async rollBackCalled(runId) {
      const called = await readRunRecord(ctx.store, runId);
      if (called === null) throw runNotFound(runId);
      return rollBack(ctx, called, { savepoint: START, trigger, actor, reason });
    },
  };
  // A compensator may take its time; the lease is kept meanwhile.
  const heartbeat = setInterval(() => {
    renewRollback(ctx.store, claim).catch(() => undefined);
  }, RENEW_EVERY_MS);
  const errors: RollbackError[] = [];
  let executed = 0;
  let skipped = 0;
  try {
    for (const entry of entries) {
      if (entry.isUndone) {
        skipped += 1;
        continue;
      }
      const undone = await undoEffect(undo, entry, { ...claim, seq: entry.seq, nowMs: ctx.clock.now() });
      if (undone.verdict === 'lost') throw rollbackInProgress(claim.runId);
      if (undone.verdict === 'error') errors.push(undone.error);
      else if (undone.verdict === 'undone') executed += 1;
      else skipped += 1;
    }
    return { executed, skipped, errors };
  } finally {
    clearInterval(heartbeat);
  }
}

export function savepointNotFound(runId: string, savepoint: string): FleetError {
  return new FleetError({
    code: 'savepoint_not_found',
    kind: 'not_found',
    message: `run "${runId}" has made no savepoint "${savepoint}"`,
  });
}

export function runActive(runId: string, status: string): FleetError {
  return new FleetError({
    code: 'run_active',
    kind: 'conflict',
    message: `run "${runId}" has not ended yet: cancel it first, or ask for both with "cancel"`,
    details: { status },
  });
}

export function rollbackInProgress(runId: string): FleetError {
  return new FleetError({
    code: 'rollback_in_progress',
    kind: 'conflict',
    message: `run "${runId}" is being rolled back by somebody else at this moment`,
    retryAfterMs: LEASE_MS,
  });
}
