import type { RunError } from '../contracts/run.ts';
import { handOverSession } from '../primitives/durable/hand-over.ts';
import type { RunFacts } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { RUNS } from '../primitives/durable/service-times.ts';
import { settleRun, type SettleOutcome, type TurnEntry } from '../primitives/durable/settle-run.ts';
import { isFleetError } from '../kernel/errors.ts';
import { savepointOf } from '../primitives/effects/effect.ts';
import { tellRun } from './tell-run.ts';
import type { WorkflowContext } from './context.ts';
import type { Degradation } from './degradation.ts';
import { driveRun } from './drive.ts';
import { rollBack } from './rollback.ts';

export interface Ending {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'timed_out';
  readonly output?: unknown;
  readonly error?: RunError;
  readonly turn?: TurnEntry;
  readonly degradation?: Degradation;
  /** From which the end follows; whoever has them lets the run's nodes be told of. */
  readonly facts?: RunFacts;
  readonly nowMs: number;
}

/**
 * End a run, whoever ends it: the record, the session's history and the hand-over to its next turn as one
 * step, then the next turn goes on its queues. Should this process die in between, the watchdog drives it.
 *
 * A run that did not complete is rolled back first, as its workflow says, so that the session's next turn finds the
 * world without it. Until that is done the run is open: whoever picks it up goes on with it.
 */
export async function endRun(ctx: WorkflowContext, run: RunRecord, ending: Ending): Promise<SettleOutcome> {
  let outcome = await settle(ctx, run, ending);
  if (outcome.verdict === 'roll_back') {
    if (!(await rollBackFirst(ctx, run, outcome))) return outcome;
    outcome = await settle(ctx, run, ending);
    // It has been rolled back; there is nothing it could ask for again.
    if (outcome.verdict === 'roll_back') return outcome;
  }
  if (outcome.verdict === 'settled') {
    count(ctx, run, ending);
    tellRun(ctx, ending);
  }
  if (outcome.nextRunId !== null) await driveRun(ctx, outcome.nextRunId);
  return outcome;
}

function settle(ctx: WorkflowContext, run: RunRecord, ending: Ending): Promise<SettleOutcome> {
  return settleRun(ctx.store, {
    runId: run.run_id,
    sessionId: run.session_id,
    worldId: run.world_id,
    status: ending.status,
    ...(ending.output === undefined ? {} : { output: ending.output }),
    ...(ending.error === undefined ? {} : { error: ending.error }),
    ...(ending.turn === undefined ? {} : { turn: ending.turn }),
    ...(ending.degradation === undefined || ending.degradation.level === 0
      ? {}
      : { degradation: ending.degradation }),
    retentionSeconds: ctx.settings.recordRetentionSeconds,
    interruptWorkers: ending.status === 'cancelled' || ending.status === 'timed_out',
    rollBackTo: savepointOf(ctx.catalog.find(run.workflow, run.version)?.onFailure),
    nowMs: ending.nowMs,
  });
}

/** @returns false when somebody else is at it: that one will end the run, or the watchdog have it ended */
async function rollBackFirst(
  ctx: WorkflowContext,
  run: RunRecord,
  { savepoint, askedBy }: Extract<SettleOutcome, { verdict: 'roll_back' }>,
): Promise<boolean> {
  // Written by askRollback.
  const by = askedBy as { id: string; actor: string; reason?: string } | null;
  try {
    await rollBack(ctx, run, {
      savepoint,
      trigger: by === null ? 'auto' : 'manual',
      isEnding: true,
      actor: by?.actor ?? 'system',
      reason: by?.reason,
      id: by?.id,
    });
    return true;
  } catch (error) {
    if (!isFleetError(error) || error.code !== 'rollback_in_progress') throw error;
    ctx.log.debug({ workflow_id: run.run_id }, 'an ending run is rolled back by somebody else');
    return false;
  }
}

/** Start the next turn of a session whose active run has ended without doing so. */
export async function handOver(
  ctx: WorkflowContext,
  runId: string,
  sessionId: string | undefined,
): Promise<void> {
  if (sessionId === undefined) return;
  const next = await handOverSession(ctx.store, { runId, sessionId, nowMs: ctx.clock.now() });
  if (next !== null && next !== runId) await driveRun(ctx, next);
}

export function endStatus(code: string, { run }: { readonly run: RunRecord }): Ending['status'] {
  if (code === 'deadline_exceeded') return 'timed_out';
  return code === 'cancelled' && run.ending !== undefined ? 'cancelled' : 'failed';
}

function count(ctx: WorkflowContext, run: RunRecord, ending: Ending): void {
  const { metrics, settings } = ctx;
  const workflow = run.workflow;
  const totalMs = ending.nowMs - run.created_at;
  metrics.workflow_runs_total.inc({ workflow, status: ending.status });
  const isError = ending.status === 'failed' || ending.status === 'timed_out';
  ctx.times?.add(RUNS, totalMs, { isError, level: ending.degradation?.level ?? 0 });
  metrics.workflow_duration_seconds.observe({ workflow, status: ending.status }, totalMs / 1000);
  if (ending.error !== undefined) metrics.workflow_failures_total.inc({ workflow, code: ending.error.code });
  for (const reason of ending.degradation?.reasons ?? []) {
    const level = String(ending.degradation!.level);
    metrics.workflow_degraded_total.inc({ level, reason: reason.split(':', 1)[0]! });
  }
  if (ending.status === 'timed_out') metrics.workflow_timeouts_total.inc({ scope: 'run' });
  if (ending.turn === undefined) return;
  metrics.turn_response_seconds.observe({ workflow }, totalMs / 1000);
  metrics.sla_total.inc({ workflow, met: String(totalMs <= settings.slaMs) });
}
