import { z } from 'zod';
import type { RunContext } from '../contracts/run-context.ts';
import type { Caller } from '../contracts/caller.ts';
import { StartRun, type LatencyMode } from '../contracts/turn.ts';
import type { StepValidation } from '../contracts/safety.ts';
import { FleetError } from '../kernel/errors.ts';
import { newRunId, type RunId } from '../kernel/ids.ts';
import { admitRun, type DedupClaim } from '../primitives/durable/admit-run.ts';
import { staticLeaves } from '../primitives/plan/leaves.ts';
import type { NewRun } from '../primitives/durable/run-record.ts';
import { FIRST_CHECK_MS, type WorkflowContext } from './context.ts';
import type { WorkflowDefinition } from './definition.ts';
import { assertMayOverwrite } from './access.ts';
import { driveRun, launchRun } from './drive.ts';
import { addStarter } from './starter.ts';

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
  /** Left out: its agents take their time. */
  readonly latencyMode?: LatencyMode;
  /** The run begins only then. */
  readonly delayMs?: number;
  /** The run whose input this one repeats. */
  readonly retryOf?: string;
  /** On whose behalf, where the run has no session. */
  readonly userId?: string | undefined;
  readonly dedup?: DedupClaim | undefined;
  /** What was found in its text before it began, where that is more than nothing. */
  readonly screened?: StepValidation;
  readonly requestId?: string;
  readonly traceparent?: string;
}

export interface StartedRun {
  /** Another one than was asked for when its dedup id had started one. */
  readonly runId: RunId;
  /** False when the run had been started before. */
  readonly fresh: boolean;
  readonly queuedBehind: number;
  /** When it will be done, from its admission; null: unknown. */
  readonly etaMs: number | null;
}

/**
 * Start a run: admit it, and when no turn of its session goes first, put it on its queues.
 *
 * 1. one script creates the record and takes the place in the session's order
 * 2. one atomic add puts the run job and all steps on their queues; of a run that is to start later, the one delayed
 *    job that starts it
 *
 * A process that dies between the two leaves an open run without jobs; the watchdog drives it.
 * Errors: too_many_runs, idempotency_key_reused, session_not_found, session_busy, forbidden, backend_unavailable
 */
export async function startRun(ctx: WorkflowContext, request: StartRequest): Promise<StartedRun> {
  const { definition, session } = request;
  assertMayOverwrite(request.input, request.caller);
  const nowMs = ctx.clock.now();
  const runId = request.runId ?? newRunId(nowMs);
  const etaMs = etaOf(ctx, request);
  const run: NewRun = {
    run_id: runId,
    workflow: definition.name,
    version: definition.version,
    priority: request.priority,
    input: request.input,
    correlation_id: request.requestId ?? runId,
    // The deadline is a moment in whole milliseconds.
    timeout_ms: Math.ceil(request.timeoutMs ?? definition.timeoutMs),
    session_id: session?.sessionId,
    world_id: session?.worldId,
    user_id: session?.userId ?? request.userId ?? request.caller.user_id,
    submitted_by: request.caller.id,
    request_id: request.requestId,
    traceparent: request.traceparent,
    metadata: request.metadata,
    context: request.context,
    delayed_until: request.delayMs ? nowMs + request.delayMs : undefined,
    retry_of: request.retryOf,
    screened: request.screened,
    soft_ms: request.latencyMode === 'fast' ? ctx.settings.slaMs : undefined,
    goes_local: goesLocal(ctx, request, etaMs) ? '1' : undefined,
  };
  const admission = await admitRun(ctx.store, run, {
    nowMs,
    maxOpenRuns: ctx.settings.maxOpenRuns,
    maxPending: ctx.settings.maxPendingTurns,
    onBusy: request.onBusy,
    isStored: definition.isStored === true,
    nextCheckAtMs: nowMs + FIRST_CHECK_MS,
    dedup: request.dedup,
    etaMs,
    retentionSeconds: ctx.settings.recordRetentionSeconds,
    tracesSeconds: tracesSeconds(ctx.settings),
  });
  if (admission.verdict !== 'admitted') {
    // Its first submission may have been cut off before the jobs were added.
    const earlier = admission.runId as RunId;
    await driveIfItsTurn(ctx, earlier, session?.sessionId);
    return { runId: earlier, fresh: false, queuedBehind: 0, etaMs: null };
  }
  if (run.delayed_until !== undefined) await addStarter(ctx, run);
  else if (admission.queuedBehind === 0)
    await launchRun(ctx, definition, { ...run, generation: 0 }, request.input);
  return { runId, fresh: true, queuedBehind: admission.queuedBehind, etaMs };
}

/** What is to begin later, or behind others, meets another fleet than the one of now. */
function etaOf(ctx: WorkflowContext, { definition, delayMs }: StartRequest): number | null {
  if (delayMs) return null;
  return ctx.load?.etaMs(staticLeaves(definition.plan).map(({ queue }) => queue)) ?? null;
}

/** It would be late anyway: its agents do not lose time with models. */
function goesLocal(ctx: WorkflowContext, { latencyMode }: StartRequest, etaMs: number | null): boolean {
  const { isAdaptive, slaMs } = ctx.settings;
  return latencyMode === 'fast' && isAdaptive && etaMs !== null && etaMs > slaMs;
}

/** Jobs and the history of rollbacks outlive the record of a run. */
function tracesSeconds({ retention, rollbackRetentionSeconds }: WorkflowContext['settings']): number {
  return Math.max(retention.failed.ageSeconds, retention.completed.ageSeconds, rollbackRetentionSeconds);
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

/** Errors: session_required, entrypoint_mismatch and invalid_timeout (both 422). */
export function checkStart(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  request: Pick<z.output<typeof StartRun>, 'entrypoint' | 'timeout_s' | 'session_id'>,
): void {
  if (definition.needsSession === true && request.session_id === undefined)
    throw sessionRequired(definition.name);
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

function sessionRequired(workflow: string): FleetError {
  const message = `workflow "${workflow}" changes the world of a session: its runs need a session_id`;
  return new FleetError({
    code: 'session_required',
    kind: 'invalid_input',
    message,
    problems: [{ path: '/session_id', code: 'session_required', message }],
  });
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
