import type { ConsistencyFinding, Problem } from '../contracts/consistency.ts';
import { isOpen } from '../contracts/run.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import { DEADLINE_GRACE_MS, FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import { isOpenRun, runAhead } from './inspect-run.ts';
import { findStarter } from './starter.ts';
import { surveyRun } from './survey.ts';
import { continuationOf, defectOf } from './why.ts';

/**
 * What is wrong with a run, by the rules of the watchdog. It changes nothing. What only looks wrong between two reads
 * is looked at again.
 *
 * @param patienceMs  a run that has moved within this time is taken for sound
 * @returns `missing` when there is no such run
 */
export async function diagnoseRun(
  ctx: WorkflowContext,
  runId: string,
  patienceMs: number,
): Promise<ConsistencyFinding | 'missing' | null> {
  const first = await diagnoseOnce(ctx, runId, patienceMs);
  return first === null || first === 'missing' ? first : diagnoseOnce(ctx, runId, patienceMs);
}

async function diagnoseOnce(
  ctx: WorkflowContext,
  runId: string,
  patienceMs: number,
): Promise<ConsistencyFinding | 'missing' | null> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null) return 'missing';
  const found = (kind: Problem, detail: string): ConsistencyFinding => ({ run_id: runId, kind, detail });
  const { run } = facts;
  const nowMs = ctx.clock.now();
  if (!isOpen(run.status)) {
    return (await hasJobsLeft(ctx, run))
      ? found('jobs_left', `it is ${run.status}, and jobs of it wait for nothing`)
      : null;
  }
  if ((await ctx.store.redis.zscore(ctx.store.keys.deadlines(), runId)) === null)
    return found('not_watched', 'the watchdog does not know it');
  if (nowMs - (facts.events.at(-1)?.at ?? run.created_at) < patienceMs) return null;
  if (run.delayed_until !== undefined && run.ending === undefined) {
    const isThere = nowMs < run.delayed_until || (await findStarter(ctx, runId)) !== undefined;
    return isThere ? null : found('jobs_missing', 'its delay is over, and nothing starts it');
  }
  if (run.ending === undefined && nowMs >= (run.deadline_at ?? Infinity) + DEADLINE_GRACE_MS)
    return found('deadline_passed', `it takes longer than ${run.timeout_ms} ms`);
  const ahead = await runAhead(ctx, run);
  if (ahead !== null) {
    return (await isOpenRun(ctx, ahead))
      ? null
      : found('session_stuck', `it waits for run ${ahead}, which has ended`);
  }
  return jobsProblem(ctx, facts, found);
}

async function jobsProblem(
  ctx: WorkflowContext,
  facts: RunFacts,
  found: (kind: Problem, detail: string) => ConsistencyFinding,
): Promise<ConsistencyFinding | null> {
  const survey = await surveyRun(ctx, facts.run);
  if (survey.root === null) return found('jobs_missing', 'it has no run job');
  if (survey.root.state === 'failed')
    return found('not_retried', `its run job failed: ${survey.root.job.failedReason}`);
  const problem = defectOf(survey) ?? continuationOf(ctx, facts).problem;
  return problem === null ? null : found('unexplained', problem);
}

/** Jobs of a run that has ended drain by themselves, unless one waits for what will never wake it. */
async function hasJobsLeft(ctx: WorkflowContext, run: RunRecord): Promise<boolean> {
  const { root, lost } = await surveyRun(ctx, run);
  return root?.state === 'waiting-children' && lost.length > 0;
}

/** In the first moments of a run its jobs are not there yet. */
export const FLEET_PATIENCE_MS = FIRST_CHECK_MS;
