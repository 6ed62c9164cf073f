import { UnrecoverableError } from 'bullmq';
import type { RunJobData } from '../contracts/job.ts';
import { isOpen, type RunError } from '../contracts/run.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import { noteUnknownVersion, VERSION_PATIENCE_MS } from '../primitives/durable/unknown-version.ts';
import { runJobIdOf } from '../primitives/durable/run-record.ts';
import { removeJobs } from './cancel.ts';
import type { WorkflowContext } from './context.ts';
import { endRun } from './end-run.ts';
import { versionUnavailable } from './version-unavailable.ts';

/** A run that must end and has something to undo waits so long for a process that knows how. */
const UNDO_PATIENCE_MS = 60_000;

/**
 * A run whose version this process does not know. Others may: while releases change, or a moment after somebody
 * registered it. So its jobs are put back for those who do, and it ends only when nobody has moved it for a while:
 *
 * - after ten minutes, as failed with `workflow_version_unavailable`
 * - when it must end (its deadline passed, it was cancelled): at once when no step of it has a result, else after a
 *   minute, because what it did cannot be undone without its definition
 *
 * Only who has one of its jobs in hand counts, and the watchdog where it has none: a run that merely stands in a
 * long queue is not lost.
 *
 * @returns whether the run was ended here
 */
export async function endIfForsaken(ctx: WorkflowContext, facts: RunFacts): Promise<boolean> {
  const { run } = facts;
  const { forMs } = await noteUnknownVersion(ctx.store, run.run_id, ctx.clock.now());
  if (forMs < patienceMs(facts)) return false;
  await end(ctx, facts);
  return true;
}

/** The same for who looks from outside. */
export async function endIfForsakenOutside(ctx: WorkflowContext, facts: RunFacts): Promise<boolean> {
  const isJudged = facts.run.ending !== undefined || !(await hasRunJob(ctx, facts));
  return isJudged && (await endIfForsaken(ctx, facts));
}

/**
 * What a run job does whose version this worker does not know.
 * @returns the facts of a run that has ended, whose job may close
 * Errors: workflow_version_unavailable (the job waits), UnrecoverableError when the run was ended or is gone
 */
export async function withoutVersion(ctx: WorkflowContext, data: RunJobData): Promise<RunFacts> {
  const facts = await readRun(ctx.store, data.run_id, data.session_id);
  if (facts === null) throw new UnrecoverableError(`run_not_found: the record of ${data.run_id} is gone`);
  if (!isOpen(facts.run.status)) return facts;
  const error = versionUnavailable(data.workflow, data.version);
  if (await endIfForsaken(ctx, facts)) throw new UnrecoverableError(`${error.code}: ${error.message}`);
  ctx.metrics.workflow_version_unavailable_total.inc({ workflow: data.workflow });
  throw error;
}

function patienceMs({ run, results }: RunFacts): number {
  if (run.ending === undefined) return VERSION_PATIENCE_MS;
  return Object.keys(results).length === 0 ? 0 : UNDO_PATIENCE_MS;
}

async function end(ctx: WorkflowContext, facts: RunFacts): Promise<void> {
  const { run, results } = facts;
  const left = Object.keys(results).length === 0 ? '' : '; what its steps did was not undone';
  const reason = `nobody in this fleet knows workflow ${run.workflow}@${run.version}${left}`;
  const error: RunError =
    run.ending === undefined
      ? { code: 'workflow_version_unavailable', message: reason }
      : { code: run.ending.code, message: `${run.ending.message}; ${reason}` };
  const status = run.ending === undefined ? 'failed' : ENDED[run.ending.code];
  await endRun(ctx, run, { status, error, nowMs: ctx.clock.now() });
  ctx.log.error({ workflow_id: run.run_id, workflow: run.workflow, version: run.version, status }, reason);
  await removeJobs(ctx, run);
}

const ENDED = { deadline_exceeded: 'timed_out', cancelled: 'cancelled', coordinator_lost: 'failed' } as const;

async function hasRunJob(ctx: WorkflowContext, { run }: RunFacts): Promise<boolean> {
  return (await ctx.runJobs.getJob(runJobIdOf(run))) !== undefined;
}
