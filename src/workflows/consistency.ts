import { isOpen } from '../contracts/run.ts';
import type { ConsistencyFinding, ConsistencyReport } from '../contracts/consistency.ts';
import { RunJobData } from '../contracts/job.ts';
import { toFleetError } from '../kernel/errors.ts';
import { dueRuns } from '../primitives/durable/open-runs.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import { findUnwatched, takeRound, watchAgain } from '../primitives/durable/unwatched-runs.ts';
import { removeJobs, runNotFound } from './cancel.ts';
import { CHECK_EVERY_MS, type WorkflowContext } from './context.ts';
import { diagnoseRun, FLEET_PATIENCE_MS } from './diagnose-run.ts';
import { inspectRun, noteRepair } from './inspect-run.ts';

const ROUND_EVERY_MS = 60_000;
/** Batches of 500 runs of the index that one round walks. */
const BATCHES = 20;
/** Run jobs that wait, looked at in one round; runs that are looked at closely in one check. */
const PAGE = 100;
const MOST_RUNS = 1000;
const MOST_MS = 10_000;

/**
 * What is wrong with runs, and with `repair` what is done about it: with one of them, or with all, the longest due
 * first, as many as one check looks at.
 *
 * Errors: run_not_found, backend_unavailable
 */
export async function checkRuns(
  ctx: WorkflowContext,
  { runId, repair }: { readonly runId?: string | undefined; readonly repair: boolean },
): Promise<ConsistencyReport> {
  const named = runId !== undefined;
  const { runIds, complete } = named ? { runIds: [runId], complete: true } : await runsToCheck(ctx);
  const findings: ConsistencyFinding[] = [];
  const errors: { run_id: string; message: string }[] = [];
  const startedAt = performance.now();
  let checked = 0;
  let repaired = 0;
  for (const id of runIds) {
    if (performance.now() - startedAt > MOST_MS) break;
    checked += 1;
    try {
      const finding = await diagnoseRun(ctx, id, named ? 0 : FLEET_PATIENCE_MS);
      if (finding === 'missing' && named) throw runNotFound(id);
      if (finding === null || finding === 'missing') continue;
      findings.push(finding);
      if (repair && (await repairRun(ctx, finding))) repaired += 1;
    } catch (error) {
      const failure = toFleetError(error);
      if (named || failure.code === 'backend_unavailable') throw error;
      errors.push({ run_id: id, message: failure.message });
    }
  }
  return { checked, complete: complete && checked === runIds.length, findings, repaired, errors };
}

/**
 * What the watchdog does not see because it looks only at runs it knows: at most once a minute in the fleet, and when
 * a worker starts. It goes on where the last one stopped, so every run is passed in time.
 *
 * @returns how many runs were repaired; null when it is not due
 */
export async function consistencyRound(ctx: WorkflowContext): Promise<number | null> {
  const nowMs = ctx.clock.now();
  const after = await takeRound(ctx.store, nowMs, ROUND_EVERY_MS);
  if (after === null) return null;
  const walk = { after, batches: BATCHES, repair: true, keepsPlace: true, nowMs };
  const { runIds } = await findUnwatched(ctx.store, walk);
  for (const runId of runIds) {
    ctx.log.error({ workflow_id: runId }, 'the watchdog did not know an open run');
    await noteRepair(ctx, runId, 'not_watched');
  }
  let repaired = runIds.length;
  for (const runId of await endedRunsWithJobs(ctx)) {
    const finding = await diagnoseRun(ctx, runId, 0);
    if (finding === null || finding === 'missing' || finding.kind !== 'jobs_left') continue;
    if (await repairRun(ctx, finding)) repaired += 1;
  }
  return repaired;
}

async function repairRun(
  ctx: WorkflowContext,
  { run_id: runId, kind }: ConsistencyFinding,
): Promise<boolean> {
  if (kind === 'jobs_left') {
    const run = await readRunRecord(ctx.store, runId);
    if (run === null || isOpen(run.status)) return false;
    await removeJobs(ctx, run);
    if ((await diagnoseRun(ctx, runId, 0)) !== null) return false;
    await noteRepair(ctx, runId, kind);
    return true;
  }
  const isBack = await watchAgain(ctx.store, runId, ctx.clock.now());
  if (isBack) await noteRepair(ctx, runId, 'not_watched');
  const done = await inspectRun(ctx, runId, CHECK_EVERY_MS);
  if (done === 'healthy' || done === 'ended') return isBack;
  await noteRepair(ctx, runId, done);
  return true;
}

async function runsToCheck(ctx: WorkflowContext): Promise<{ runIds: string[]; complete: boolean }> {
  const { store } = ctx;
  const walk = { after: '', batches: BATCHES, repair: false, keepsPlace: false, nowMs: ctx.clock.now() };
  const unwatched = await findUnwatched(store, walk);
  const known = await dueRuns(store, Number.MAX_SAFE_INTEGER, MOST_RUNS + 1);
  const runIds = [
    ...new Set([...unwatched.runIds, ...(await endedRunsWithJobs(ctx)), ...known.slice(0, MOST_RUNS)]),
  ];
  return { runIds, complete: unwatched.after === '' && known.length <= MOST_RUNS };
}

/** Another part of the run jobs that wait each minute. */
async function endedRunsWithJobs(ctx: WorkflowContext): Promise<string[]> {
  const count = await ctx.runJobs.getWaitingChildrenCount();
  if (count === 0) return [];
  const from = (Math.floor(ctx.clock.now() / ROUND_EVERY_MS) % Math.ceil(count / PAGE)) * PAGE;
  const jobs = await ctx.runJobs.getJobs(['waiting-children'], from, from + PAGE - 1, true);
  const runIds = new Set<string>();
  for (const job of jobs) {
    const data = RunJobData.safeParse(job?.data);
    if (data.success) runIds.add(data.data.run_id);
  }
  const ids = [...runIds];
  const { redis, keys } = ctx.store;
  const replies = await Promise.all(ids.map((id) => redis.hget(keys.run(id), 'ended_at')));
  return ids.filter((_, index) => replies[index] != null);
}
