import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import { rememberAlarm } from '../primitives/durable/alarms.ts';
import { nextGeneration } from '../primitives/durable/open-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { recordDecisions } from '../primitives/durable/record-decisions.ts';
import { toBackendError } from '../redis/script.ts';
import { compileAlarm, compileChildren, compileRunJob, type RunIdentity } from './compile.ts';
import type { WorkflowContext } from './context.ts';
import { compilerOf, earliestAlarm } from './coordinate.ts';
import type { WorkflowDefinition } from './definition.ts';
import { derive, deriveFirst } from './derive.ts';

/** Put a run that was just admitted on its queues: one atomic add of its run job and its first steps. */
export async function launchRun(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  run: RunIdentity,
  input: unknown,
): Promise<void> {
  const decisions: Record<string, unknown> = {};
  const nowMs = ctx.clock.now();
  let next = deriveFirst(definition, input, decisions, nowMs);
  while (next.decide.length > 0) {
    await recordDecisions(ctx.store, { runId: run.run_id, decide: next.decide, abandon: [], nowMs });
    for (const { key, value } of next.decide) decisions[key] = value;
    next = deriveFirst(definition, input, decisions, nowMs);
  }
  const compiler = { definition, run };
  const children = compileChildren(compiler, '', next);
  const alarm = children.length === 0 ? earliestAlarm(next, '') : null;
  if (alarm !== null) {
    const child = compileAlarm(compiler, '', alarm, nowMs);
    // Noted before it is there: whoever has news for the run finds it in any case.
    await rememberAlarm(ctx.store, run.run_id, '', child.id);
    children.push(child);
  }
  await add(
    ctx,
    compileRunJob(
      compiler,
      '',
      children.map((child) => child.flow),
    ),
  );
}

async function add(
  ctx: WorkflowContext,
  flow: Parameters<WorkflowContext['flows']['add']>[0],
): Promise<void> {
  try {
    await ctx.flows.add(flow);
  } catch (error) {
    throw toBackendError(error, 'adding the jobs of a run');
  }
}

export type DriveOutcome = 'ended' | 'added' | 'retried' | 'already_moving' | 'unknown_version';

/**
 * Make sure that an open run whose turn it is has its jobs; safe to call at any time, by anybody.
 *
 * 1. no run job: add it with what follows (again, under fresh ids, unless nothing ever ran)
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
    ctx.log.debug(
      { workflow_id: runId, reason: toFleetError(error).message },
      'run job was retried elsewhere',
    );
    return 'already_moving';
  }
}

async function relaunch(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
): Promise<DriveOutcome> {
  const { run } = facts;
  const untouched = run.started_at === undefined && run.generation === 0;
  const generation = untouched ? 0 : await nextGeneration(ctx.store, run.run_id);
  const compiler = compilerOf(definition, facts, generation);
  const next = derive(definition, facts, ctx.clock.now());
  const children = next.decide.length > 0 ? [] : compileChildren(compiler, '', next);
  await add(
    ctx,
    compileRunJob(
      compiler,
      '',
      children.map((child) => child.flow),
    ),
  );
  return 'added';
}
