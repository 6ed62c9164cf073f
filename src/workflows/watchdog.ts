import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import { isStillCalled } from '../primitives/durable/called-runs.ts';
import {
  checkRunAt,
  countOpenRuns,
  dueRuns,
  forgetRun,
  LOOK_EVERY_MS_PER_OPEN_RUN,
} from '../primitives/durable/open-runs.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { beginEnding } from '../primitives/durable/ending.ts';
import { CHECK_EVERY_MS, DEADLINE_GRACE_MS, FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import { driveRun, type DriveOutcome } from './drive.ts';
import { handOver } from './end-run.ts';
import { nudge } from './nudge.ts';
import { startDelayed } from './start-delayed.ts';
import { failIfBroken, repairUnexplained } from './unexplained.ts';

const BATCH = 100;
/** A round goes on for so long while more is due. */
const ROUND_MS = 1_000;

export type Finding =
  | 'ended'
  | 'deadline_passed'
  | 'jobs_missing'
  | 'not_retried'
  | 'session_stuck'
  | 'unexplained'
  | 'version_unknown'
  | 'healthy';

/**
 * One round over the open runs that are due for a look, the longest due first:
 *
 * - past its deadline: it is ended as `timed_out` (its own workers end it first when they live)
 * - its jobs are missing, or its run job failed although the run was resumed: it is driven
 * - it waits behind a turn of its session that has ended: the session is handed over
 * - it is to start later: that its starter is there, and that it did start
 * - nobody has known its version for too long: it is ended without its definition
 * - it stands still and no reason can be found for that: it is repaired, or failed when that does not help
 *
 * Runs on a schedule; also safe to call directly and from several processes at once.
 */
export async function runWatchdog(
  ctx: WorkflowContext,
  roundMs = ROUND_MS,
): Promise<Record<string, Finding>> {
  const findings: Record<string, Finding> = {};
  const startedAt = performance.now();
  const everyMs = lookEveryMs(await countOpenRuns(ctx.store));
  let due: string[];
  do {
    due = await dueRuns(ctx.store, ctx.clock.now(), BATCH);
    await inspectRuns(ctx, due, everyMs, findings);
  } while (due.length === BATCH && performance.now() - startedAt < roundMs);
  return findings;
}

/** How long after a look the next one at the same run is due, unless something makes it due before. */
export function lookEveryMs(openRuns: number): number {
  return Math.max(CHECK_EVERY_MS, openRuns * LOOK_EVERY_MS_PER_OPEN_RUN);
}

async function inspectRuns(
  ctx: WorkflowContext,
  runIds: readonly string[],
  everyMs: number,
  findings: Record<string, Finding>,
): Promise<void> {
  for (const runId of runIds) {
    try {
      const finding = await inspectRun(ctx, runId, everyMs);
      findings[runId] = finding;
      if (finding !== 'healthy' && finding !== 'ended')
        ctx.metrics.workflow_repairs_total.inc({ kind: finding });
    } catch (error) {
      // One run that cannot be inspected must not keep the others from being looked at.
      ctx.log.error(
        { workflow_id: runId, err: toFleetError(error).message },
        'open run could not be inspected',
      );
      await checkRunAt(ctx.store, runId, ctx.clock.now() + CHECK_EVERY_MS);
    }
  }
}

async function inspectRun(ctx: WorkflowContext, runId: string, everyMs: number): Promise<Finding> {
  const run = await readRunRecord(ctx.store, runId);
  if (run === null || !isOpen(run.status)) {
    await forgetRun(ctx.store, runId);
    return 'ended';
  }
  const nowMs = ctx.clock.now();
  if (run.delayed_until !== undefined && run.ending === undefined) return inspectDelayed(ctx, run, nowMs);
  const endsAt = (run.deadline_at ?? Infinity) + DEADLINE_GRACE_MS;
  if (nowMs >= endsAt) {
    // What it must undo may take its time.
    await checkRunAt(ctx.store, runId, nowMs + CHECK_EVERY_MS);
    const message = `the run took longer than ${run.timeout_ms} ms`;
    const begins = await beginEnding(ctx.store, runId, { code: 'deadline_exceeded', message, path: '' });
    const finding = await moveRun(ctx, runId);
    return begins && finding !== 'version_unknown' ? 'deadline_passed' : finding;
  }
  await checkRunAt(ctx.store, runId, Math.min(nowMs + everyMs, endsAt));
  if (run.called_by !== undefined && !(await isStillCalled(ctx.store, run.called_by))) {
    const message = `run ${run.called_by.run_id}, which called it, waits for it no longer`;
    await beginEnding(ctx.store, runId, { code: 'cancelled', message, path: '' });
  }
  const ahead = await runAhead(ctx, run);
  return ahead === null ? moveRun(ctx, runId) : unblockSession(ctx, run, ahead);
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
      return 'jobs_missing';
    case 'retried':
      return 'not_retried';
    case 'forsaken':
      return 'version_unknown';
    case 'already_moving':
      return (await repairUnexplained(ctx, runId)) ? 'unexplained' : 'healthy';
    default:
      return 'healthy';
  }
}

/** The run of the same session that holds the turn, or null when it is this run's turn. */
async function runAhead(ctx: WorkflowContext, run: RunRecord): Promise<string | null> {
  if (run.session_id === undefined || run.called_by !== undefined) return null;
  const active = await ctx.store.redis.hget(ctx.store.keys.session(run.session_id), 'active');
  return active === null || active === run.run_id ? null : active;
}

async function unblockSession(ctx: WorkflowContext, run: RunRecord, ahead: string): Promise<Finding> {
  const holder = await readRunRecord(ctx.store, ahead);
  if (holder !== null && isOpen(holder.status)) return 'healthy';
  await handOver(ctx, ahead, run.session_id);
  return 'session_stuck';
}
