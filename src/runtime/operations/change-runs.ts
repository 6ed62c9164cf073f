import { hasRole, type Caller } from '../../contracts/caller.ts';
import type { SubmitOptions } from '../../contracts/operations.ts';
import type { MetadataPatch, RunView } from '../../contracts/run.ts';
import type { AcceptedRun } from '../../contracts/turn.ts';
import { readRun, readRunRecord } from '../../primitives/durable/read-run.ts';
import { mergeMetadata } from '../../primitives/durable/run-metadata.ts';
import { getSession } from '../../sessions/session-store.ts';
import { isOwner } from '../../workflows/access.ts';
import { runNotFound } from '../../workflows/cancel.ts';
import { clearDeadLetters } from '../../workflows/clear-dead-letters.ts';
import { resumeFailedRun } from '../../workflows/resume.ts';
import { parseInput } from '../../workflows/start.ts';
import type { OperationsContext } from './context.ts';
import { getRun } from './runs.ts';
import { sessionOf, submit } from './submit.ts';

/** Errors: run_not_found, also for a run of somebody else; validation_failed when it becomes too large. */
export async function updateRunMetadata(
  ctx: OperationsContext,
  runId: string,
  patch: MetadataPatch,
  caller: Caller,
): Promise<RunView> {
  const { store } = ctx.workflows;
  const run = await readRunRecord(store, runId);
  const owner = { userId: run?.user_id, keyId: run?.submitted_by };
  if (run === null || !(isOwner(caller, owner) || hasRole(caller, 'operate'))) throw runNotFound(runId);
  if (!(await mergeMetadata(store, runId, patch))) throw runNotFound(runId);
  return getRun(ctx, runId, caller);
}

/** Run a failed run again from where it failed. Its dead letters are no more: what they stood for is done again. */
export async function resumeRunFor(ctx: OperationsContext, runId: string, caller: Caller): Promise<RunView> {
  const facts = await readRun(ctx.workflows.store, runId);
  if (facts === null) throw runNotFound(runId);
  await resumeFailedRun(ctx.workflows, runId, facts.run.session_id);
  await clearDeadLetters(ctx.workflows, facts);
  return getRun(ctx, runId, caller);
}

/** A new run with the same input, of the same version where the fleet still has it, else of the latest. */
export async function rerunRun(
  ctx: OperationsContext,
  runId: string,
  caller: Caller,
  options: SubmitOptions = {},
): Promise<AcceptedRun> {
  const { store, catalog } = ctx.workflows;
  const run = await readRunRecord(store, runId);
  if (run === null) throw runNotFound(runId);
  const definition = catalog.find(run.workflow, run.version) ?? catalog.latest(run.workflow);
  const session = run.session_id === undefined ? null : await getSession(store, run.session_id);
  const submitted = await submit(
    ctx,
    {
      definition,
      input: parseInput(definition, run.input),
      priority: run.priority,
      timeoutMs: run.timeout_ms,
      ...(session === null ? {} : { session: sessionOf(session) }),
      onBusy: 'queue',
      latencyMode: run.soft_ms === undefined ? 'full' : 'fast',
      ...(run.metadata === undefined ? {} : { metadata: run.metadata }),
      ...(run.context === undefined ? {} : { context: run.context }),
      userId: run.user_id,
      retryOf: runId,
      caller,
    },
    0,
    options,
  );
  if (submitted.done) throw new TypeError('a run that nobody waited for cannot be done');
  return submitted.accepted;
}
