import { toFleetError } from '../kernel/errors.ts';
import {
  checkRunAt,
  countOpenRuns,
  dueRuns,
  LOOK_EVERY_MS_PER_OPEN_RUN,
} from '../primitives/durable/open-runs.ts';
import { CHECK_EVERY_MS, type WorkflowContext } from './context.ts';
import { inspectRun, noteRepair, type Finding } from './inspect-run.ts';

const BATCH = 100;
/** A round goes on for so long while more is due. */
const ROUND_MS = 1_000;

/**
 * One round over the open runs that are due for a look, the longest due first:
 *
 * - three quarters of its time have passed: that is told, once
 * - past its deadline: it is ended as `timed_out` (its own workers end it first when they live)
 * - its jobs are missing, or its run job failed although the run was resumed: it is driven
 * - its run job is lost again and again: it must end, and is ended when it cannot
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
      if (finding !== 'healthy' && finding !== 'ended') await noteRepair(ctx, runId, finding);
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
