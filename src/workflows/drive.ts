import type { FlowJob } from 'bullmq';
import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import type { Continuation } from '../primitives/advance/facts.ts';
import { moveCalledRun } from '../primitives/durable/called-runs.ts';
import { rememberAlarm } from '../primitives/durable/alarms.ts';
import { nextGeneration } from '../primitives/durable/open-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { runJobIdOf } from '../primitives/durable/run-record.ts';
import { toBackendError } from '../redis/script.ts';
import {
  callsIn,
  compileAlarm,
  compileChildren,
  compileRunJob,
  type Child,
  type Compiler,
  type RunIdentity,
} from './compile.ts';
import type { WorkflowContext } from './context.ts';
import { compilerOf, earliestAlarm } from './coordinate.ts';
import type { WorkflowDefinition } from './definition.ts';
import { derive, deriveFirst } from './derive.ts';
import { versionUnavailable } from './version-unavailable.ts';
import { ensureStarter } from './starter.ts';
import { recordAndCount } from './record-and-count.ts';

/** Put a run that was just admitted on its queues: one atomic add of its run job and its first steps. */
export async function launchRun(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  run: RunIdentity,
  input: unknown,
): Promise<void> {
  await add(ctx, await firstFlow(ctx, definition, run, input));
}

/** The jobs with which a run begins. What it decides at once is recorded before. */
export async function firstFlow(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  run: RunIdentity,
  input: unknown,
): Promise<FlowJob> {
  const decisions: Record<string, unknown> = {};
  const nowMs = ctx.clock.now();
  let next = deriveFirst(definition, run, input, decisions, nowMs);
  while (next.decide.length > 0) {
    await recordAndCount(ctx, { runId: run.run_id, decide: next.decide, abandon: [], nowMs });
    for (const { key, value } of next.decide) decisions[key] = value;
    next = deriveFirst(definition, run, input, decisions, nowMs);
  }
  const compiler = { definition, run };
  const children = firstChildren(compiler, next);
  const alarm = children.length === 0 && callsIn('', next).length === 0 ? earliestAlarm(next, '') : null;
  if (alarm !== null) {
    const child = compileAlarm(compiler, '', alarm, nowMs);
    // Noted before it is there: whoever has news for the run finds it in any case.
    await rememberAlarm(ctx.store, run.run_id, '', child.id);
    children.push(child);
  }
  return flowOf(compiler, children);
}

/** Calls are made by the run job itself: with one of them, it is woken at once and sees to everything. */
function firstChildren(compiler: Compiler, next: Continuation): Child[] {
  return callsIn('', next).length > 0 ? [] : compileChildren(compiler, '', next);
}

function flowOf(compiler: Compiler, children: readonly Child[]): FlowJob {
  return compileRunJob(
    compiler,
    '',
    children.map((child) => child.flow),
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

export type DriveOutcome =
  | 'ended'
  | 'added'
  | 'retried'
  | 'already_moving'
  | 'unknown_version'
  /** Nobody knew its version for too long: it was ended. */
  | 'forsaken';

/**
 * Make sure that an open run whose turn it is has its jobs; safe to call at any time, by anybody.
 *
 * 0. it is to start later: only the job that starts it must be there
 * 1. no run job: add it with what follows (again, under fresh ids, unless nothing ever ran)
 * 2. the run job failed while the record is open: the run was resumed, so run it again
 * 3. otherwise it is moving already
 */
export async function driveRun(ctx: WorkflowContext, runId: string): Promise<DriveOutcome> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null || !isOpen(facts.run.status)) return 'ended';
  if (facts.run.delayed_until !== undefined) {
    return (await ensureStarter(ctx, facts.run)) ? 'added' : 'already_moving';
  }
  const definition = ctx.catalog.find(facts.run.workflow, facts.run.version);
  if (definition === undefined) return 'unknown_version';
  const job = await ctx.runJobs.getJob(runJobIdOf(facts.run));
  if (job === undefined) return relaunch(ctx, definition, facts);
  if ((await job.getState()) !== 'failed') return 'already_moving';
  // The failure has woken its caller, which this job cannot do twice.
  if (facts.run.called_by !== undefined) return relaunch(ctx, definition, facts);
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
  if (run.called_by === undefined) await add(ctx, await flowAgain(ctx, definition, facts));
  else {
    const flow = await flowOfCalled(ctx, run.run_id, {
      jobId: run.called_by.job_id,
      resumes: run.called_by.resumes,
    });
    if (flow !== null) await addBelow(ctx, flow, run.called_by.job_id);
  }
  return 'added';
}

/** What a run needs on its queues to go on from where it is, under ids that were never used. */
async function flowAgain(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
  jobId?: (generation: number) => string,
): Promise<FlowJob> {
  const { run } = facts;
  const untouched = run.started_at === undefined && run.generation === 0;
  const generation = untouched ? 0 : await nextGeneration(ctx.store, run.run_id);
  const { definition: same, run: identity } = compilerOf(definition, facts, generation);
  const compiler = {
    definition: same,
    run: jobId === undefined ? identity : { ...identity, job_id: jobId(generation) },
  };
  const next = derive(definition, facts, ctx.clock.now());
  return flowOf(compiler, next.decide.length > 0 ? [] : firstChildren(compiler, next));
}

/**
 * The jobs of a called run that is open and has none, to be put below a run job of its caller.
 * @returns null when it has ended meanwhile, or this process does not know its version
 */
export async function flowOfCalled(
  ctx: WorkflowContext,
  runId: string,
  caller: { readonly jobId: string; readonly resumes: number },
): Promise<FlowJob | null> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null || !isOpen(facts.run.status)) return null;
  const { run } = facts;
  const definition = ctx.catalog.find(run.workflow, run.version);
  if (definition === undefined) throw versionUnavailable(run.workflow, run.version);
  let jobId = runId;
  const flow = await flowAgain(ctx, definition, facts, (generation) => (jobId = runJobId(runId, generation)));
  const calledBy = { ...run.called_by!, job_id: caller.jobId, resumes: caller.resumes };
  await moveCalledRun(ctx.store, runId, { jobId, calledBy });
  return flow;
}

function runJobId(runId: string, generation: number): string {
  return generation === 0 ? runId : `${runId}.~g${generation}`;
}

/** Below a job that waits for it, so that its end wakes that one; on its own when nobody is left to wake. */
async function addBelow(ctx: WorkflowContext, flow: FlowJob, parentId: string): Promise<void> {
  const parent = { id: parentId, queue: ctx.runJobs.qualifiedName };
  const isThere = (await ctx.runJobs.getJob(parentId)) !== undefined;
  await add(ctx, isThere ? { ...flow, opts: { ...flow.opts, parent } } : flow);
}
