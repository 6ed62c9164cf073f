import { z } from 'zod';
import type { RunContext } from '../contracts/run-context.ts';
import type { Caller } from '../contracts/caller.ts';
import { StartRun } from '../contracts/turn.ts';
import { FleetError } from '../kernel/errors.ts';
import { newRunId, type RunId } from '../kernel/ids.ts';
import { admitRun } from '../primitives/durable/admit-run.ts';
import { staticLeaves } from '../primitives/plan/leaves.ts';
import type { NewRun } from '../primitives/durable/run-record.ts';
import { FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import type { WorkflowDefinition } from './definition.ts';
import { driveRun, launchRun } from './drive.ts';

/** What a run is started with, after the caller was let in and the session was looked up. */
export interface StartRequest {
  readonly definition: WorkflowDefinition;
  /** Parsed by the definition's schema. */
  readonly input: unknown;
  readonly priority: NewRun['priority'];
  readonly timeoutMs?: number;
  readonly session?: {
    readonly sessionId: string;
    readonly worldId: string;
    readonly userId: string | undefined;
  };
  readonly onBusy: 'queue' | 'reject';
  readonly metadata?: Record<string, unknown>;
  readonly context?: RunContext;
  readonly caller: Caller;
  readonly runId?: RunId;
  readonly requestId?: string;
  readonly traceparent?: string;
}

export interface StartedRun {
  readonly runId: RunId;
  /** False when a run with this id had been started before. */
  readonly fresh: boolean;
  readonly queuedBehind: number;
}

/**
 * Start a run: admit it, and when no turn of its session goes first, put it on its queues.
 *
 * 1. one script creates the record and takes the place in the session's order
 * 2. one atomic add puts the run job and all steps on their queues
 *
 * A process that dies between the two leaves an open run without jobs; the watchdog drives it.
 * Errors: too_many_runs, session_not_found, session_busy, backend_unavailable
 */
export async function startRun(ctx: WorkflowContext, request: StartRequest): Promise<StartedRun> {
  const { definition, session } = request;
  const nowMs = ctx.clock.now();
  const runId = request.runId ?? newRunId(nowMs);
  const run: NewRun = {
    run_id: runId,
    workflow: definition.name,
    version: definition.version,
    priority: request.priority,
    input: request.input,
    correlation_id: request.requestId ?? runId,
    timeout_ms: request.timeoutMs ?? definition.timeoutMs,
    session_id: session?.sessionId,
    world_id: session?.worldId,
    user_id: session?.userId ?? request.caller.user_id,
    submitted_by: request.caller.id,
    request_id: request.requestId,
    traceparent: request.traceparent,
    metadata: request.metadata,
    context: request.context,
  };
  const admission = await admitRun(ctx.store, run, {
    nowMs,
    maxOpenRuns: ctx.settings.maxOpenRuns,
    maxPending: ctx.settings.maxPendingTurns,
    onBusy: request.onBusy,
    nextCheckAtMs: nowMs + FIRST_CHECK_MS,
  });
  if (admission.verdict === 'exists') {
    // Its first submission may have been cut off before the jobs were added.
    await driveIfItsTurn(ctx, runId, session?.sessionId);
    return { runId, fresh: false, queuedBehind: 0 };
  }
  if (admission.queuedBehind === 0)
    await launchRun(ctx, definition, { ...run, generation: 0 }, request.input);
  return { runId, fresh: true, queuedBehind: admission.queuedBehind };
}

async function driveIfItsTurn(
  ctx: WorkflowContext,
  runId: string,
  sessionId: string | undefined,
): Promise<void> {
  if (sessionId !== undefined) {
    const active = await ctx.store.redis.hget(ctx.store.keys.session(sessionId), 'active');
    if (active !== runId) return;
  }
  await driveRun(ctx, runId);
}

/**
 * The input as the definition wants it.
 * Errors: validation_failed (invalid_input), every problem listed with its JSON pointer below `/input`.
 */
export function parseInput(definition: WorkflowDefinition, input: unknown): unknown {
  const parsed = definition.input.safeParse(input);
  if (parsed.success) return parsed.data;
  throw validationFailed(parsed.error, `input of workflow "${definition.name}"`, '/input');
}

export function parseStartRun(request: StartRun): z.output<typeof StartRun> {
  const parsed = StartRun.safeParse(request);
  if (parsed.success) return parsed.data;
  throw validationFailed(parsed.error, 'run request', '');
}

/** Errors: entrypoint_mismatch, invalid_timeout (both 422). */
export function checkStart(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  request: z.output<typeof StartRun>,
): void {
  const first = staticLeaves(definition.plan)[0]?.queue;
  if (request.entrypoint !== undefined && request.entrypoint !== first) {
    throw new FleetError({
      code: 'entrypoint_mismatch',
      kind: 'invalid_input',
      httpStatus: 422,
      message: `workflow "${definition.name}" begins with "${first}", not with "${request.entrypoint}"`,
    });
  }
  const limitMs = ctx.settings.maxRunTimeoutMs;
  if (request.timeout_s !== undefined && request.timeout_s * 1000 > limitMs) {
    throw new FleetError({
      code: 'invalid_timeout',
      kind: 'invalid_input',
      httpStatus: 422,
      message: `timeout_s ${request.timeout_s} is above the limit of ${limitMs / 1000} (workflow.error_handling.timeout_seconds)`,
    });
  }
}

export function validationFailed(error: z.ZodError, what: string, pointer: string): FleetError {
  const problems = error.issues.map((issue) => ({
    path: [pointer, ...issue.path.map(String)].join('/'),
    message: issue.message,
    code: issue.code ?? 'custom',
  }));
  const first = problems[0];
  return new FleetError({
    code: 'validation_failed',
    kind: 'invalid_input',
    message: `${what}: ${first?.path ?? ''}: ${first?.message ?? 'invalid'}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}`,
    problems,
  });
}
