import type { Problem } from '../contracts/consistency.ts';
import { isOpen } from '../contracts/run.ts';
import { toIso } from '../kernel/clock.ts';
import { isStillCalled } from '../primitives/durable/called-runs.ts';
import { noteEarlyWarning, runWarnsAt } from '../primitives/durable/early-warning.ts';
import { beginEnding } from '../primitives/durable/ending.ts';
import { checkRunAt, forgetRun } from '../primitives/durable/open-runs.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import { noteHistory } from '../primitives/durable/run-history.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { RepairEntry } from '../contracts/rollback.ts';
import { CHECK_EVERY_MS, DEADLINE_GRACE_MS, FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import { driveRun, type DriveOutcome } from './drive.ts';
import { handOver } from './end-run.ts';
import { limitLosses } from './lost-coordinator.ts';
import { nudge } from './nudge.ts';
import { startDelayed } from './start-delayed.ts';
import { failIfBroken, repairUnexplained } from './unexplained.ts';

export type Finding = Problem | 'ended' | 'healthy';

/** Look at a run that may be open, and do what it needs; any number of times, by anybody. */
export async function inspectRun(ctx: WorkflowContext, runId: string, everyMs: number): Promise<Finding> {
  const run = await readRunRecord(ctx.store, runId);
  if (run === null || !isOpen(run.status)) {
    await forgetRun(ctx.store, runId);
    return 'ended';
  }
  const nowMs = ctx.clock.now();
  if (run.delayed_until !== undefined && run.ending === undefined) return inspectDelayed(ctx, run, nowMs);
  const warnsAt = runWarnsAt(run) ?? Infinity;
  if (nowMs >= warnsAt && run.ending === undefined) await warn(ctx, run, nowMs);
  const endsAt = (run.deadline_at ?? Infinity) + DEADLINE_GRACE_MS;
  if (nowMs >= endsAt) {
    // What it must undo may take its time.
    await checkRunAt(ctx.store, runId, nowMs + CHECK_EVERY_MS);
    const message = `the run took longer than ${run.timeout_ms} ms`;
    const begins = await beginEnding(ctx.store, runId, { code: 'deadline_exceeded', message, path: '' });
    const finding = await moveRun(ctx, runId);
    return begins && finding !== 'version_unknown' ? 'deadline_passed' : finding;
  }
  await checkRunAt(ctx.store, runId, Math.min(nowMs + everyMs, nowMs < warnsAt ? warnsAt : endsAt));
  if (run.called_by !== undefined && !(await isStillCalled(ctx.store, run.called_by))) {
    const message = `run ${run.called_by.run_id}, which called it, waits for it no longer`;
    await beginEnding(ctx.store, runId, { code: 'cancelled', message, path: '' });
  }
  const ahead = await runAhead(ctx, run);
  return ahead === null ? moveRun(ctx, runId) : unblockSession(ctx, run, ahead);
}

const DONE: Readonly<Record<Problem, string>> = {
  deadline_passed: 'nobody had ended it at its deadline: it was told to end',
  jobs_missing: 'its run job was missing: what must happen was put on its queues again',
  not_retried: 'its run job had failed: it runs again',
  coordinator_lost: 'its run job was lost again and again: it was told to end, or ended',
  session_stuck: 'the turn before it had ended without handing its session over: it was handed over',
  unexplained: 'it stood still without a reason: its jobs were removed and added again, or it was failed',
  version_unknown: 'nobody knew its version for too long: it was ended',
  not_watched: 'the watchdog did not know it: it does again',
  jobs_left: 'it had ended, and jobs of it waited for nothing: they were removed',
};

/** Count a repair, and keep it with the history of the run. */
export async function noteRepair(ctx: WorkflowContext, runId: string, finding: Problem): Promise<void> {
  ctx.metrics.workflow_repairs_total.inc({ kind: finding });
  const at = toIso(ctx.clock.now());
  const entry: RepairEntry = { kind: 'repair', at, finding, detail: DONE[finding] };
  await noteHistory(ctx.store, { runId, entry, keepSeconds: ctx.settings.rollbackRetentionSeconds });
}

async function warn(ctx: WorkflowContext, run: RunRecord, nowMs: number): Promise<void> {
  const startedAt = (run.deadline_at ?? nowMs) - run.timeout_ms;
  const warned = await noteEarlyWarning(
    ctx.store,
    {
      runId: run.run_id,
      scope: 'run',
      step: '',
      agent: '',
      elapsedMs: nowMs - startedAt,
      limitMs: run.timeout_ms,
    },
    { nowMs, keepSeconds: ctx.settings.rollbackRetentionSeconds },
  );
  if (!warned) return;
  ctx.metrics.workflow_early_warnings_total.inc({ scope: 'run' });
  ctx.log.warn(
    { workflow_id: run.run_id, scope: 'run', limit_ms: run.timeout_ms },
    'most of the time has passed',
  );
}

/** Its starter is looked for once, soon after it was admitted; when it did not come, the run is started from here. */
async function inspectDelayed(ctx: WorkflowContext, run: RunRecord, nowMs: number): Promise<Finding> {
  const startsBy = (run.delayed_until ?? 0) + FIRST_CHECK_MS;
  await checkRunAt(ctx.store, run.run_id, nowMs < startsBy ? startsBy : nowMs + CHECK_EVERY_MS);
  const outcome = nowMs < startsBy ? await driveRun(ctx, run.run_id) : await startDelayed(ctx, run.run_id);
  return outcome === 'added' ? 'jobs_missing' : 'healthy';
}

async function moveRun(ctx: WorkflowContext, runId: string): Promise<Finding> {
  let outcome: DriveOutcome;
  try {
    outcome = await nudge(ctx, runId);
  } catch (error) {
    if (await failIfBroken(ctx, runId)) return 'unexplained';
    throw error;
  }
  switch (outcome) {
    case 'added':
      return (await limitLosses(ctx, runId)) ? 'coordinator_lost' : 'jobs_missing';
    case 'retried':
      return (await limitLosses(ctx, runId)) ? 'coordinator_lost' : 'not_retried';
    case 'forsaken':
      return 'version_unknown';
    case 'already_moving':
      return (await repairUnexplained(ctx, runId)) ? 'unexplained' : 'healthy';
    default:
      return 'healthy';
  }
}

/** The run of the same session that holds the turn, or null when it is this run's turn. */
export async function runAhead(ctx: WorkflowContext, run: RunRecord): Promise<string | null> {
  if (run.session_id === undefined || run.called_by !== undefined) return null;
  const active = await ctx.store.redis.hget(ctx.store.keys.session(run.session_id), 'active');
  return active === null || active === run.run_id ? null : active;
}

async function unblockSession(ctx: WorkflowContext, run: RunRecord, ahead: string): Promise<Finding> {
  if (await isOpenRun(ctx, ahead)) return 'healthy';
  await handOver(ctx, ahead, run.session_id);
  return 'session_stuck';
}

export async function isOpenRun(ctx: WorkflowContext, runId: string): Promise<boolean> {
  const run = await readRunRecord(ctx.store, runId);
  return run !== null && isOpen(run.status);
}
