import { FleetError } from '../kernel/errors.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import { resumeRun } from '../primitives/durable/resume-run.ts';
import { runNotFound } from './cancel.ts';
import { firstCheckAt, type WorkflowContext } from './context.ts';
import { driveRun } from './drive.ts';
import { rollbackInProgress } from './rollback.ts';

/**
 * Run a failed run again from where it failed: its results stay, its failed and skipped steps run under fresh
 * ids. Exactly one of several callers succeeds. Behind another turn of its session it waits for its turn. A run that
 * was called is resumed by the run that called it, so that one is.
 *
 * Errors: run_not_found, run_not_resumable, run_rolled_back, rollback_in_progress (conflict), backend_unavailable
 */
export async function resumeFailedRun(
  ctx: WorkflowContext,
  runId: string,
  sessionId: string | undefined,
): Promise<void> {
  const called = await readRunRecord(ctx.store, runId);
  if (called?.called_by !== undefined) return resumeFailedRun(ctx, called.called_by.run_id, sessionId);
  const nowMs = ctx.clock.now();
  const nextCheckAtMs = firstCheckAt(nowMs, called?.timeout_ms ?? Infinity);
  const outcome = await resumeRun(ctx.store, { runId, sessionId, nowMs, nextCheckAtMs });
  switch (outcome.verdict) {
    case 'resumed':
      if (outcome.queuedBehind === 0) await driveRun(ctx, runId);
      return;
    case 'missing':
      throw runNotFound(runId);
    case 'rolled_back':
      throw new FleetError({
        code: 'run_rolled_back',
        kind: 'conflict',
        retryable: false,
        message: `effects of run "${runId}" were undone, so its results no longer match the world: start a new run`,
      });
    case 'rolling_back':
      throw rollbackInProgress(runId);
    case 'session_gone':
      throw notResumable(`the session of run "${runId}" has expired`, outcome.status);
    case 'not_resumable':
      throw notResumable(
        `run "${runId}" is ${outcome.status}; only a failed or timed out run can be resumed`,
        outcome.status,
      );
  }
}

function notResumable(message: string, status: string): FleetError {
  return new FleetError({
    code: 'run_not_resumable',
    kind: 'conflict',
    retryable: false,
    message,
    details: { status },
  });
}
