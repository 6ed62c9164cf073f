import { hasRole, type Caller } from '../../contracts/caller.ts';
import type { Submitted, SubmitOptions } from '../../contracts/operations.ts';
import { CreateSession } from '../../contracts/session.ts';
import { OrchestrationResponse, SubmitTurn, StartRun, TurnInput } from '../../contracts/turn.ts';
import { isOpen } from '../../contracts/run.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { newRunId } from '../../kernel/ids.ts';
import { readRunRecord } from '../../primitives/durable/read-run.ts';
import type { RunRecord } from '../../primitives/durable/run-record.ts';
import { createSession, getSession, type OwnedSession } from '../../sessions/session-store.ts';
import { isOwner, sessionForbidden } from '../../workflows/access.ts';
import { watchRun } from '../../workflows/await-run.ts';
import { cancelRun } from '../../workflows/cancel.ts';
import type { WorkflowDefinition } from '../../workflows/definition.ts';
import {
  checkStart,
  parseInput,
  startRun,
  validationFailed,
  type StartedRun,
  type StartRequest,
} from '../../workflows/start.ts';
import { chooseWorkflow, type Choice } from './choose-workflow.ts';
import type { OperationsContext } from './context.ts';
import { assertMayActFor, assertSameUser, dedupClaim } from './run-request.ts';
import { lookUpDefinition } from './definitions.ts';
import { lineIn, type IncomingLine, type Judged } from './ingress.ts';

/** A player's line: find the session, choose the workflow, start the run, and wait for its end a while. */
export async function submitTurn(
  ctx: OperationsContext,
  sessionId: string,
  request: SubmitTurn,
  caller: Caller,
  options: SubmitOptions = {},
): Promise<Submitted> {
  const parsed = SubmitTurn.safeParse(request);
  if (!parsed.success) throw validationFailed(parsed.error, 'turn', '');
  const turn = parsed.data;
  const line = (await ctx.ingress())?.open(turn.text, { sessionId, caller, options }) ?? null;
  let named: WorkflowDefinition | null;
  let session: OwnedSession;
  try {
    // An unknown workflow is refused before anything else is done.
    named = turn.workflow === undefined ? null : await lookUpDefinition(ctx, turn.workflow);
    session = await lookedUp(line, findSession(ctx, sessionId, turn.create_session, caller));
  } catch (error) {
    return answeredDespite(line, error);
  }
  const judged = await line?.judge(session.view);
  if (judged?.response !== undefined) return { done: true, response: judged.response };
  if (turn.on_busy === 'supersede' && session.view.active_run_id !== null) {
    await supersede(ctx, session.view.active_run_id);
  }
  const choice: Choice | null =
    named === null ? await chooseWorkflow(ctx.understand, turn.text, session) : null;
  const definition = named ?? (await lookUpDefinition(ctx, choice!.workflow));
  const intent = choice?.intent;
  const input = parseInput(definition, { text: turn.text, ...(intent === undefined ? {} : { intent }) });
  return submit(
    ctx,
    {
      definition,
      input: await understood(ctx, definition, input, session),
      priority: turn.priority,
      session: sessionOf(session),
      onBusy: turn.on_busy === 'reject' ? 'reject' : 'queue',
      latencyMode: turn.latency_mode ?? ctx.workflows.settings.latencyMode,
      ...(turn.metadata === undefined ? {} : { metadata: turn.metadata }),
      ...screenedAs(judged),
      caller,
    },
    turn.wait_ms,
    options,
    'turn',
  );
}

/** A run of a named workflow, with the caller's own input. */
export async function submitRun(
  ctx: OperationsContext,
  workflow: string,
  request: StartRun,
  caller: Caller,
  options: SubmitOptions = {},
): Promise<Submitted> {
  const judged = await prepareJudged(ctx, workflow, request, caller, options);
  if ('response' in judged) return { done: true, response: judged.response };
  return submit(ctx, judged.request, judged.waitMs, options);
}

/** A run whose input is a player's line is judged before it is started; the line may be answered itself. */
export async function prepareJudged(
  ctx: OperationsContext,
  workflow: string,
  request: StartRun,
  caller: Caller,
  options: SubmitOptions,
): Promise<PreparedRun | { readonly response: OrchestrationResponse }> {
  const text = lineIn(request.input);
  const from = { sessionId: request.session_id, dedupId: request.dedup_id, caller, options };
  const line = text === null ? null : ((await ctx.ingress())?.open(text, from) ?? null);
  let prepared: PreparedRun;
  try {
    prepared = await lookedUp(line, prepareRun(ctx, workflow, request, caller));
  } catch (error) {
    const { response } = await answeredDespite(line, error);
    return { response };
  }
  const judged = await line?.judge(prepared.session?.view ?? null);
  if (judged?.response !== undefined) return { response: judged.response };
  return { ...prepared, request: { ...prepared.request, ...screenedAs(judged) } };
}

export interface PreparedRun {
  readonly request: StartRequest;
  readonly waitMs: number;
  readonly session: OwnedSession | null;
}

function lookedUp<T>(line: IncomingLine | null, looking: Promise<T>): Promise<T> {
  return line === null ? looking : line.session(looking);
}

/** Whoever is in danger is answered, also when nothing else can be done for the request. Errors: `error` */
async function answeredDespite(
  line: IncomingLine | null,
  error: unknown,
): Promise<Extract<Submitted, { done: true }>> {
  const response = (await line?.despite(error)) ?? null;
  if (response === null) throw error;
  return { done: true, response };
}

/** What was found in a text that is no mere play travels with its run. */
function screenedAs(judged: Judged | undefined): Pick<StartRequest, 'screened'> {
  const validation = judged?.validation;
  return validation === undefined || validation.level === 'safe' ? {} : { screened: validation };
}

/** Everything that can be wrong with a request, before anything starts. */
async function prepareRun(
  ctx: OperationsContext,
  workflow: string,
  request: StartRun,
  caller: Caller,
): Promise<PreparedRun> {
  const parsed = StartRun.safeParse(request);
  if (!parsed.success) throw validationFailed(parsed.error, 'run', '');
  const run = parsed.data;
  const definition = await lookUpDefinition(ctx, workflow, run.version);
  checkStart(ctx.workflows, definition, run);
  const input = parseInput(definition, run.input);
  assertMayActFor(run.user_id, caller);
  const session = run.session_id === undefined ? null : await findSession(ctx, run.session_id, false, caller);
  assertSameUser(run.user_id, session);
  return {
    waitMs: run.wait_ms,
    session,
    request: {
      definition,
      input: await understood(ctx, definition, input, session),
      priority: run.priority,
      ...(run.timeout_s === undefined ? {} : { timeoutMs: run.timeout_s * 1000 }),
      ...(session === null ? {} : { session: sessionOf(session) }),
      onBusy: 'queue',
      latencyMode: run.latency_mode ?? ctx.workflows.settings.latencyMode,
      ...(run.metadata === undefined ? {} : { metadata: run.metadata }),
      ...(run.context === undefined ? {} : { context: { v: 1, ...run.context } }),
      ...(run.delay_ms === undefined ? {} : { delayMs: run.delay_ms }),
      userId: run.user_id,
      dedup: run.dedup_id === undefined ? undefined : dedupClaim(workflow, run, caller),
      caller,
    },
  };
}

export async function submit(
  ctx: OperationsContext,
  request: StartRequest,
  waitMs: number,
  options: SubmitOptions,
  kind: 'turn' | 'run' = 'run',
): Promise<Submitted> {
  const runId = options.runId ?? newRunId(ctx.workflows.clock.now());
  let waiter = waitMs > 0 ? await watchRun(ctx.workflows.store, ctx.notices, runId) : null;
  try {
    const started = await startRun(ctx.workflows, {
      ...request,
      runId,
      ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
      ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
    });
    if (waiter !== null && started.runId !== runId) {
      waiter.stop();
      waiter = await watchRun(ctx.workflows.store, ctx.notices, started.runId);
    }
    const record = waiter === null ? null : await waiter.wait(waitMs, options.signal);
    if (started.runId === runId) return toSubmitted({ ...started, kind }, record);
    const known = record ?? (await readRunRecord(ctx.workflows.store, started.runId));
    return { ...toSubmitted({ ...started, kind }, known, waitMs > 0), isRepeat: true };
  } finally {
    waiter?.stop();
  }
}

interface SubmittedRun extends Pick<StartedRun, 'runId' | 'queuedBehind' | 'etaMs'> {
  /** A player is answered also when the run has failed; whoever starts a run wants to know of that. */
  readonly kind: 'turn' | 'run';
}

function toSubmitted(
  { runId, kind, queuedBehind, etaMs }: SubmittedRun,
  record: RunRecord | null,
  isAwaited = true,
): Submitted {
  // A workflow that makes no reply has an output of its own form: it is read with the run.
  const isCompleted = record?.status === 'completed';
  const response = isAwaited ? OrchestrationResponse.safeParse(record?.output) : undefined;
  const isAnswered = isCompleted || (kind === 'turn' && record !== null && !isOpen(record.status));
  if (isAnswered && response?.success) return { done: true, response: response.data };
  return {
    done: false,
    accepted: {
      run_id: runId,
      status: record?.status ?? 'pending',
      progress: isCompleted ? 100 : (record?.progress ?? 0),
      location: `/v1/workflows/runs/${runId}`,
      stream_url: `/v1/workflows/runs/${runId}/events`,
      queued_behind: record === null || record.started_at === undefined ? queuedBehind : 0,
      eta_ms: etaMs,
    },
  };
}

/** Errors: session_not_found, forbidden. */
async function findSession(
  ctx: OperationsContext,
  sessionId: string,
  create: boolean,
  caller: Caller,
): Promise<OwnedSession> {
  const session = await lookUp(ctx, sessionId, create, caller);
  const owner = { userId: session.view.user_id, keyId: session.createdBy };
  if (isOwner(caller, owner) || hasRole(caller, 'operate')) return session;
  throw sessionForbidden(sessionId);
}

async function lookUp(
  ctx: OperationsContext,
  sessionId: string,
  create: boolean,
  caller: Caller,
): Promise<OwnedSession> {
  try {
    return await getSession(ctx.workflows.store, sessionId);
  } catch (error) {
    if (!create || !isFleetError(error) || error.code !== 'session_not_found') throw error;
  }
  const request = CreateSession.safeParse({
    session_id: sessionId,
    ...(caller.user_id === undefined ? {} : { user_id: caller.user_id }),
  });
  if (!request.success) throw validationFailed(request.error, 'session', '');
  const { session } = await createSession(ctx.workflows.store, request.data, {
    defaultTtlSeconds: ctx.sessionTtlSeconds,
    createdBy: caller.id,
    nowMs: ctx.workflows.clock.now(),
  });
  return session;
}

export function sessionOf(session: OwnedSession): NonNullable<StartRequest['session']> {
  const { session_id: sessionId, world_id: worldId, user_id: userId } = session.view;
  return { sessionId, worldId, userId };
}

/** A workflow that does not begin with the IPA gets what the text means from here. */
async function understood(
  ctx: OperationsContext,
  definition: WorkflowDefinition,
  input: unknown,
  session: OwnedSession | null,
): Promise<unknown> {
  const turn = definition.needsIntent ? TurnInput.safeParse(input) : null;
  if (turn === null || !turn.success || turn.data.intent !== undefined) return input;
  return { ...turn.data, intent: await ctx.understand(turn.data.text, session) };
}

/** The active run may end by itself in the same moment; then there is nothing to supersede. */
async function supersede(ctx: OperationsContext, runId: string): Promise<void> {
  try {
    await cancelRun(ctx.workflows, runId, 'superseded by a newer turn');
  } catch (error) {
    if (!isFleetError(error) || (error.code !== 'run_not_cancellable' && error.code !== 'run_not_found')) {
      throw error;
    }
  }
}
