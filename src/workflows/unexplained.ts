import { toFleetError } from '../kernel/errors.ts';
import { nextGeneration } from '../primitives/durable/open-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { recordDecisions } from '../primitives/durable/record-decisions.ts';
import { runJobIdOf } from '../primitives/durable/run-record.ts';
import { noteUnexplained } from '../primitives/durable/unexplained-runs.ts';
import { isOpen } from '../contracts/run.ts';
import { removeJobs } from './cancel.ts';
import { FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import { driveRun } from './drive.ts';
import { endRun } from './end-run.ts';
import { surveyRun } from './survey.ts';
import { continuationOf, defectOf } from './why.ts';

/** So often a run is repaired before it is failed. */
const MOST_REPAIRS = 5;

/**
 * An open run that stands still without a reason. It costs a few reads, and only runs that have not moved for a
 * while are looked at this closely.
 *
 * 1. all its jobs have their place: there is a reason
 * 2. some are lost: all of them are removed and what must happen is added again, under fresh ids
 * 3. that did not help {@link MOST_REPAIRS} times and its deadline has not ended it either: it is failed
 *
 * @returns whether no reason was found
 */
export async function repairUnexplained(ctx: WorkflowContext, runId: string): Promise<boolean> {
  if (await hasMoved(ctx, runId)) return false;
  // What only looks wrong between two reads is looked at again.
  const found = (await findDefect(ctx, runId)) && (await findDefect(ctx, runId));
  if (found === null) return false;
  const { facts, problem } = found;
  const times = await note(ctx, runId, problem);
  if (times > MOST_REPAIRS && facts.run.ending !== undefined) await giveUp(ctx, facts, problem);
  else await rebuild(ctx, facts);
  return true;
}

/**
 * An open run whose plan breaks wherever it is continued: nobody can repair it, so it is failed unless that passes.
 * @returns false when its plan is sound
 */
export async function failIfBroken(ctx: WorkflowContext, runId: string): Promise<boolean> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null || !isOpen(facts.run.status)) return false;
  const { problem } = continuationOf(ctx, facts);
  if (problem === null) return false;
  if ((await note(ctx, runId, problem)) > MOST_REPAIRS) await giveUp(ctx, facts, problem);
  return true;
}

async function findDefect(
  ctx: WorkflowContext,
  runId: string,
): Promise<{ facts: RunFacts; problem: string } | null> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null || !isOpen(facts.run.status)) return null;
  const problem = defectOf(await surveyRun(ctx, facts.run));
  return problem === null ? null : { facts, problem };
}

async function hasMoved(ctx: WorkflowContext, runId: string): Promise<boolean> {
  const [newest] = await ctx.store.redis.xrevrange(ctx.store.keys.runEvents(runId), '+', '-', 'COUNT', 1);
  const at = newest === undefined ? 0 : Number(newest[0].split('-')[0]);
  return ctx.clock.now() - at < FIRST_CHECK_MS;
}

async function note(ctx: WorkflowContext, runId: string, problem: string): Promise<number> {
  const times = await noteUnexplained(ctx.store, runId, ctx.clock.now());
  ctx.log.error({ workflow_id: runId, reason: problem, times }, 'an open run stands still without a reason');
  return times;
}

async function giveUp(ctx: WorkflowContext, facts: RunFacts, problem: string): Promise<void> {
  const message = `the run stood still and could not be repaired; what it had left to undo was not undone: ${problem}`;
  await endRun(ctx, facts.run, {
    status: 'failed',
    error: { code: 'run_unexplained', message },
    facts,
    nowMs: ctx.clock.now(),
  });
  await removeJobs(ctx, facts.run);
}

/** While one of its jobs is active nothing can be removed; then this is for the next look. */
async function rebuild(ctx: WorkflowContext, facts: RunFacts): Promise<void> {
  const { run } = facts;
  try {
    await (await ctx.runJobs.getJob(runJobIdOf(run)))?.remove({ removeChildren: true });
  } catch (error) {
    const reason = toFleetError(error).message;
    return ctx.log.debug({ workflow_id: run.run_id, reason }, 'a run is repaired when its active jobs end');
  }
  await recordUnknownOutcomes(ctx, facts);
  // Whatever is left of the old jobs must not be taken for the new ones.
  await nextGeneration(ctx.store, run.run_id);
  await driveRun(ctx, run.run_id);
}

/** A step that may not be repeated, was begun and is lost: nobody knows how far it got. */
async function recordUnknownOutcomes(ctx: WorkflowContext, facts: RunFacts): Promise<void> {
  const { run, events } = facts;
  const begun = new Set(events.filter(({ type }) => type === 'step.started').map(({ step }) => step));
  const wanted = continuationOf(ctx, facts).next?.add ?? [];
  const nowMs = ctx.clock.now();
  const abandon = wanted.flatMap(({ path, node }) => {
    if (node.kind !== 'step' || node.idempotent || !begun.has(path)) return [];
    const error = {
      code: 'outcome_unknown',
      message: `step "${path}" was begun before and left no result; it is not idempotent, so it is not repeated`,
      path,
      retryable: false,
      at: nowMs,
    };
    return [{ path, agent: node.queue, error }];
  });
  if (abandon.length > 0) {
    await recordDecisions(ctx.store, { runId: run.run_id, decide: [], abandon, nowMs });
  }
}
