import type { FlowJob, Job } from 'bullmq';
import { isOpen } from '../contracts/run.ts';
import { toFleetError } from '../kernel/errors.ts';
import type { Continuation } from '../primitives/advance/facts.ts';
import { rememberAlarm } from '../primitives/durable/alarms.ts';
import { checkRunBy, nextGeneration } from '../primitives/durable/open-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { recordDecisions } from '../primitives/durable/record-decisions.ts';
import { openCalls, type CallsNow, type JobsBelow } from './calls.ts';
import { callsIn, compileAlarm, compileChildren, type Child, type Compiler } from './compile.ts';
import type { WorkflowContext } from './context.ts';
import type { WorkflowDefinition } from './definition.ts';
import { derive } from './derive.ts';

/**
 * See to it that everything that must happen below the run job of a scope is on its queues.
 *
 * @returns false when the facts changed meanwhile and must be read again
 */
export async function coordinate(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  facts: RunFacts,
  next: Continuation,
  job: Job,
  scope: string,
): Promise<boolean> {
  const compiler = compilerOf(definition, facts, facts.run.generation);
  const wanted = compileChildren(compiler, scope, next);
  const known = await knownChildren(job);
  const lost = wanted.filter(({ id }) => known.failed.has(id));
  if (lost.length > 0) {
    await recordLost(ctx, facts.run.run_id, lost);
    return false;
  }
  const ended = wanted.filter(({ id }) => known.completed.has(id));
  if (ended.length > 0) {
    // It ended without an outcome: its job, or one before it, was removed. It needs a fresh id.
    if (await areStillWanted(ctx, definition, facts, scope, ended))
      await nextGeneration(ctx.store, facts.run.run_id);
    return false;
  }
  const toCall = callsIn(scope, next);
  const calls = toCall.length === 0 ? NO_CALLS : await openCalls(ctx, facts, toCall, job.id!, known);
  if (calls.changed) return false;
  const missing = [
    ...wanted.filter(({ id }) => !known.pending.has(id)).map(({ flow }) => flow),
    ...calls.missing,
  ];
  const alarm = earliestAlarm(next, scope);
  const isIdle = missing.length === 0 && known.pending.size === 0;
  const parent = { id: job.id!, queue: job.queueQualifiedName };
  const add = (flows: readonly FlowJob[]): Promise<unknown> =>
    ctx.flows.addBulk(flows.map((flow) => ({ ...flow, opts: { ...flow.opts, parent } })));
  if (missing.length > 0) await add(missing);
  if (alarm === null) return true;
  await checkRunBy(ctx.store, facts.run.run_id, alarm);
  if (!isIdle) return true;
  const used = (id: string): boolean => known.completed.has(id) || known.failed.has(id);
  const pause = compileAlarm(compiler, scope, alarm, ctx.clock.now(), used);
  await rememberAlarm(ctx.store, facts.run.run_id, scope, pause.id);
  await add([pause.flow]);
  // Who had news before the alarm was there could not ring it.
  if (await hasNews(ctx, definition, facts.run.run_id, scope)) await ring(ctx, pause.id);
  return true;
}

/** The outcome of a child may have come between the reading of the facts and that of the queues. */
async function areStillWanted(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  before: RunFacts,
  scope: string,
  children: readonly Child[],
): Promise<boolean> {
  const facts = await readRun(ctx.store, before.run.run_id);
  if (facts === null || !isOpen(facts.run.status)) return false;
  const next = derive(definition, facts, ctx.clock.now());
  const compiler = compilerOf(definition, facts, before.run.generation);
  const wanted = new Set(compileChildren(compiler, scope, next).map(({ id }) => id));
  return facts.run.generation === before.run.generation && children.some(({ id }) => wanted.has(id));
}

/** End a pause now; it may have ended by itself. */
export async function ring(ctx: WorkflowContext, alarmId: string): Promise<void> {
  try {
    await (await ctx.maintenance.getJob(alarmId))?.promote();
  } catch (error) {
    ctx.log.debug({ job_id: alarmId, reason: toFleetError(error).message }, 'the pause had ended by itself');
  }
}

async function hasNews(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  runId: string,
  scope: string,
): Promise<boolean> {
  const facts = await readRun(ctx.store, runId);
  if (facts === null || !isOpen(facts.run.status)) return true;
  const nowMs = ctx.clock.now();
  return !mustPause(definition, facts, derive(definition, facts, nowMs), scope, nowMs);
}

/** Time must pass before anything follows in this scope: waking its run job would be for nothing. */
export function mustPause(
  definition: WorkflowDefinition,
  facts: RunFacts,
  next: Continuation,
  scope: string,
  nowMs: number,
): boolean {
  if (next.outcome.state !== 'pending' || (scope !== '' && !next.openScopes.has(scope))) return false;
  const alarm = earliestAlarm(next, scope);
  if (alarm === null || alarm <= nowMs) return false;
  if (callsIn(scope, next).length > 0) return false;
  return compileChildren(compilerOf(definition, facts, facts.run.generation), scope, next).length === 0;
}

export function compilerOf(
  definition: WorkflowDefinition,
  facts: Pick<RunFacts, 'run'>,
  generation: number,
): Compiler {
  return { definition, run: { ...facts.run, generation } };
}

const NO_CALLS: CallsNow = { changed: false, pending: 0, missing: [] };

/** What BullMQ knows of a job's children, by job id. */
async function knownChildren(job: Job): Promise<JobsBelow> {
  const { unprocessed = [], processed = {}, ignored = {} } = await job.getDependencies();
  return {
    pending: idsOf(unprocessed),
    completed: idsOf(Object.keys(processed)),
    failed: idsOf(Object.keys(ignored)),
  };
}

/** `<prefix>:<queue>:<job id>`; neither a queue name nor a job id holds a colon. */
function idsOf(keys: readonly string[]): Set<string> {
  return new Set(keys.map((key) => key.slice(key.lastIndexOf(':') + 1)));
}

/** A step whose job failed without its worker being able to say so. */
async function recordLost(ctx: WorkflowContext, runId: string, lost: readonly Child[]): Promise<void> {
  const nowMs = ctx.clock.now();
  await recordDecisions(ctx.store, {
    runId,
    decide: [],
    abandon: lost.map(({ path, agent }) => ({
      path,
      agent,
      error: {
        code: 'worker_lost',
        message: `step "${path}" lost its worker too often`,
        path,
        retryable: true,
        at: nowMs,
      },
    })),
    nowMs,
  });
}

/** When time alone changes something in this scope; null when nothing does. */
export function earliestAlarm(next: Continuation, scope: string): number | null {
  const moments = [
    ...next.alarms.map(({ atMs, scopes }) => ({ atMs, scopes })),
    ...next.waits.map(({ dueAtMs, scopes }) => ({ atMs: dueAtMs, scopes })),
  ].filter(({ scopes }) => (scopes.at(-1) ?? '') === scope);
  return moments.length === 0 ? null : Math.min(...moments.map(({ atMs }) => atMs));
}
