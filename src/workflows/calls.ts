import type { FlowJob } from 'bullmq';
import { isOpen } from '../contracts/run.ts';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import { admitRun } from '../primitives/durable/admit-run.ts';
import { calledRunId, completedCall, readCalledRuns, recordCall } from '../primitives/durable/called-runs.ts';
import type { RunFacts } from '../primitives/durable/read-run.ts';
import { resumeRun } from '../primitives/durable/resume-run.ts';
import { runJobIdOf, type NewRun, type RunRecord } from '../primitives/durable/run-record.ts';
import { CALL_TOO_DEEP, callError, MAX_CALL_DEPTH } from '../primitives/plan/callable.ts';
import type { CallNode, StoredError } from '../primitives/plan/node.ts';
import type { CallToMake } from './compile.ts';
import { FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import type { WorkflowDefinition } from './definition.ts';
import { firstFlow, flowOfCalled } from './drive.ts';
import { versionUnavailable } from './version-unavailable.ts';

/** What a run job knows of the jobs below it, by id. */
export interface JobsBelow {
  readonly pending: ReadonlySet<string>;
  readonly completed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
}

export interface CallsNow {
  /** Outcomes were recorded: the facts must be read again. */
  readonly changed: boolean;
  /** Called runs that have their jobs. */
  readonly pending: number;
  /** The jobs of called runs that are to be put below the run job. */
  readonly missing: readonly FlowJob[];
}

/**
 * Runs of other workflows, as a run job sees to them. Each has a record, a journal and a deadline of its own, which
 * is never later than that of its caller; its id says who called it, so a call is never made twice.
 *
 * 1. there is no record yet: the run is admitted, also when the fleet is full, because its caller holds a place
 * 2. it is open: its run job must stand below this one, under a fresh id when it was lost
 * 3. it failed before its caller was resumed: it is resumed with it
 * 4. it has ended: its outcome becomes that of the call
 */
export async function openCalls(
  ctx: WorkflowContext,
  facts: RunFacts,
  calls: readonly CallToMake[],
  jobId: string,
  below: JobsBelow,
): Promise<CallsNow> {
  const { run } = facts;
  const records = await readCalledRuns(
    ctx.store,
    run.run_id,
    calls.map(({ leaf }) => leaf.path),
  );
  let changed = false;
  let pending = 0;
  const missing: FlowJob[] = [];
  for (const [index, call] of calls.entries()) {
    const record = records[index] ?? null;
    if (record !== null && isOpen(record.status) && below.pending.has(runJobIdOf(record))) pending += 1;
    else if (record !== null && !isOpen(record.status) && !(await isResumed(ctx, record, run))) {
      await noteCall(ctx, run, call.node, call.leaf.path, record);
      changed = true;
    } else {
      const flow =
        record === null
          ? await begin(ctx, run, call, jobId, below)
          : await flowOfCalled(ctx, record.run_id, { jobId, resumes: run.resumes });
      if (flow === null) changed = true;
      else missing.push(flow);
    }
  }
  return { changed, pending, missing };
}

/** Record the outcome of a called run that has ended as that of the call. */
export async function noteCall(
  ctx: WorkflowContext,
  run: RunRecord,
  node: CallNode,
  path: string,
  called: RunRecord,
): Promise<void> {
  const nowMs = called.ended_at ?? ctx.clock.now();
  const at = { runId: run.run_id, path, startedAtMs: called.created_at, nowMs };
  if (called.status === 'completed') return recordCall(ctx.store, at, completedCall(called));
  const ended = called.error ?? { code: called.status, message: `the run is ${called.status}` };
  return recordCall(ctx.store, at, { error: callError(node, path, ended, nowMs) });
}

/** What failed before its caller was resumed gets another chance with it. */
async function isResumed(ctx: WorkflowContext, called: RunRecord, run: RunRecord): Promise<boolean> {
  if (called.status === 'completed' || called.called_by === undefined) return false;
  if (called.called_by.resumes >= run.resumes) return false;
  const nowMs = ctx.clock.now();
  const { verdict } = await resumeRun(ctx.store, {
    runId: called.run_id,
    sessionId: undefined,
    nowMs,
    nextCheckAtMs: nowMs + FIRST_CHECK_MS,
  });
  return verdict === 'resumed';
}

/** @returns null when the call has failed instead, which is recorded */
async function begin(
  ctx: WorkflowContext,
  run: RunRecord,
  { leaf, node }: CallToMake,
  jobId: string,
  below: JobsBelow,
): Promise<FlowJob | null> {
  const nowMs = ctx.clock.now();
  const { path } = leaf;
  const refuse = async (error: Pick<StoredError, 'code' | 'message'>): Promise<null> => {
    const at = { runId: run.run_id, path, startedAtMs: nowMs, nowMs };
    await recordCall(ctx.store, at, { error: callError(node, path, error, nowMs) });
    return null;
  };
  const runId = calledRunId(run.run_id, path);
  if (below.completed.has(runId) || below.failed.has(runId)) {
    return refuse({ code: 'outcome_unknown', message: `the record of run ${runId} is gone` });
  }
  const depth = (run.called_by?.depth ?? 0) + 1;
  if (depth > MAX_CALL_DEPTH) return refuse(CALL_TOO_DEEP);
  let called: { definition: WorkflowDefinition; input: unknown };
  try {
    const definition = calledDefinition(ctx, node);
    called = { definition, input: acceptedInput(definition, leaf.input()) };
  } catch (error) {
    if (isFleetError(error) && error.code === 'workflow_version_unavailable') throw error;
    if (isFleetError(error)) return refuse(error);
    return refuse({
      code: 'definition_error',
      message: error instanceof Error ? error.message : String(error),
    });
  }
  const { definition, input } = called;
  const limits = leaf.isCompensation ? [] : [leaf.deadlineAtMs, run.deadline_at].filter((at) => at != null);
  const newRun: NewRun = {
    run_id: runId,
    workflow: definition.name,
    version: definition.version,
    priority: run.priority,
    input,
    correlation_id: run.correlation_id,
    timeout_ms: Math.max(1, Math.min(definition.timeoutMs, ...limits.map((at) => at - nowMs))),
    session_id: run.session_id,
    world_id: run.world_id,
    user_id: run.user_id,
    submitted_by: run.submitted_by,
    request_id: run.request_id,
    traceparent: run.traceparent,
    metadata: run.metadata,
    context: { ...run.context, v: 1, state: leaf.state },
    called_by: { run_id: run.run_id, path, job_id: jobId, resumes: run.resumes, depth },
  };
  try {
    await admitRun(ctx.store, newRun, {
      nowMs,
      maxOpenRuns: Number.MAX_SAFE_INTEGER,
      maxPending: 0,
      onBusy: 'queue',
      nextCheckAtMs: nowMs + FIRST_CHECK_MS,
      isStored: definition.isStored === true,
      retentionSeconds: ctx.settings.recordRetentionSeconds,
    });
  } catch (error) {
    // Its definition was deleted a moment ago.
    if (isFleetError(error) && error.code === 'workflow_not_found') return refuse(error);
    throw error;
  }
  return firstFlow(ctx, definition, { ...newRun, generation: 0 }, input);
}

/** Errors: workflow_not_found, or workflow_version_unavailable when this worker lacks the version that is named. */
function calledDefinition(ctx: WorkflowContext, { workflow, version }: CallNode): WorkflowDefinition {
  const latest = ctx.catalog.latest(workflow);
  if (version === undefined || version === latest.version) return latest;
  const found = ctx.catalog.find(workflow, version);
  if (found === undefined) throw versionUnavailable(workflow, version);
  return found;
}

function acceptedInput(definition: WorkflowDefinition, input: unknown): unknown {
  const parsed = definition.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new FleetError({
    code: 'input_invalid',
    kind: 'invalid_input',
    message: `${issue?.path.join('.')}: ${issue?.message}`,
  });
}
