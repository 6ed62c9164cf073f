import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import { nextGeneration } from '../primitives/durable/open-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { toBackendError } from '../redis/script.ts';
import { advance } from './advance.ts';
import { compileRun } from './compile.ts';
import type { WorkflowContext } from './context.ts';
import type { WorkflowDefinition } from './definition.ts';

/** Put a run that was just admitted on its queues: one atomic add of its run job and all steps. */
export async function launchRun(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  run: Parameters<typeof compileRun>[1],
): Promise<void> {
  try {
    await ctx.flows.add(compileRun(definition, run, 0, ctx.settings.retention));
  } catch (error) {
    throw toBackendError(error, 'adding the jobs of a run');
  }
}

export type DriveOutcome = 'ended' | 'added' | 'retried' | 'already_moving' | 'unknown_version';

/**
 * Make sure that an open run whose turn it is has its jobs; safe to call at any time, by anybody.
 *
 * 1. no run job: add it with the steps that have no outcome (again, under fresh ids, unless nothing ever ran)
 * 2. the run job failed while the record is open: the run was resumed, so run it again
 * 3. otherwise it is moving already
 */
export async function driveRun(ctx: WorkflowContext, runId: string): Promise<DriveOutcome> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null || !isOpen(facts.run.status)) return 'ended';
  const definition = ctx.catalog.find(facts.run.workflow, facts.run.version);
  if (definition === undefined) return 'unknown_version';
  const job = await ctx.runJobs.getJob(runId);
  if (job === undefined) return relaunch(ctx, definition, facts);
  if ((await job.getState()) !== 'failed') return 'already_moving';
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return 'retried';
  } catch (error) {
    // Somebody else was quicker: the job is no longer among the failed ones.
    ctx.log.debug({ workflow_id: runId, err: toFleetError(error).message }, 'run job was retried elsewhere');
    return 'already_moving';
  }
}

async function relaunch(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
): Promise<DriveOutcome> {
  const { run } = facts;
  const decision = advance(definition.steps, { ...facts, status: run.status });
  const untouched = run.started_at === undefined && run.generation === 0;
  const generation = untouched ? 0 : await nextGeneration(ctx.store, run.run_id);
  const fromStep = decision.kind === 'add' ? decision.fromStep : null;
  await ctx.flows.add(compileRun(definition, { ...run, generation }, fromStep, ctx.settings.retention));
  return 'added';
}
