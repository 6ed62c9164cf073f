import type { CostRange, CostReport } from '../contracts/costs.ts';
import type { DefinitionSummary, DefinitionView } from '../contracts/definition.ts';
import type { Page, Readiness } from '../contracts/operator.ts';
import type { Problem } from '../contracts/problem.ts';
import type { MetadataPatch, RunEvent, RunStatus, RunSummary, RunView } from '../contracts/run.ts';
import type { PutSchedule, ScheduleView } from '../contracts/schedule.ts';
import type { CheckRuns, ConsistencyReport } from '../contracts/consistency.ts';
import type { RollbackHistory, RollbackResult, RollbackRun } from '../contracts/rollback.ts';
import type {
  CreateSession,
  DeletedSession,
  SessionView,
  TurnRecord,
  UpdateSession,
} from '../contracts/session.ts';
import type { SessionExport } from '../contracts/session-export.ts';
import { interventionCalls, type InterventionsClient } from './safety-interventions.ts';
import type { AcceptedRun, OrchestrationResponse, StartRun, SubmitTurn } from '../contracts/turn.ts';
import type { FleetStatus } from '../contracts/status.ts';
import type { RunExplanation } from '../contracts/why.ts';
import type { SessionWorld, WorldVersion } from '../contracts/world-history.ts';
import type { RunToken } from '../contracts/token.ts';
import { agentCalls, type AgentsClient } from './agents.ts';
import { messageCalls, type MessagesClient } from './messages.ts';
import { queueCalls, type QueuesClient } from './queues.ts';
import { safetyRulesCalls, type SafetyRulesClient } from './safety-rules.ts';
import { breakerCalls, type BreakerCalls } from './breaker-calls.ts';
import { deadLetterCalls, type DeadLettersClient } from './dead-letters.ts';
import { escalationCalls, type EscalationCalls } from './escalation-calls.ts';
import { fleetEventCalls, type FleetEventsClient } from './fleet-events.ts';
import { followTokens } from './run-tokens.ts';
import type { FollowOptions } from './follow-stream.ts';
import { followRun } from './run-events.ts';
import { createTransport, type Call, type FleetClientOptions } from './transport.ts';

export { FleetClientError } from './error.ts';
export type { FleetClientOptions } from './transport.ts';
export type { DeadLetterOptions } from './dead-letters.ts';
export type { FollowOptions, FollowOptions as RunEventsOptions } from './follow-stream.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}
export interface SubmitCallOptions extends CallOptions {
  /** Calls with one key do their work once; default: a new key for each call. */
  readonly idempotencyKey?: string;
}
/** The answer when the work ended while the call waited, else where it can be followed. */
export type Submission =
  | { readonly done: true; readonly response: OrchestrationResponse }
  | { readonly done: false; readonly accepted: AcceptedRun };
/** What came of one item of a bulk start. */
export interface BulkItem {
  readonly index: number;
  /** 202, 200 with `response` where the text itself was answered, or the status of the refusal. */
  readonly status: number;
  readonly run_id?: string;
  readonly location?: string;
  readonly problem?: Problem;
  readonly response?: OrchestrationResponse;
}
export interface PageOptions extends CallOptions {
  readonly limit?: number;
  readonly cursor?: string;
}
export interface RunListOptions extends PageOptions {
  readonly workflow?: string;
  readonly status?: RunStatus;
  readonly sessionId?: string;
  readonly userId?: string;
  /** ISO 8601; of the run's admission. */
  readonly since?: string;
  readonly until?: string;
}
export interface VersionOptions extends CallOptions {
  readonly version?: number;
}
export interface WorldOptions extends VersionOptions {
  readonly full?: boolean;
}

/** The HTTP API of a fleet. All methods throw {@link FleetClientError}, or the reason of an aborted signal. */
export interface FleetClient
  extends
    SafetyRulesClient,
    InterventionsClient,
    EscalationCalls,
    MessagesClient,
    DeadLettersClient,
    AgentsClient,
    QueuesClient,
    FleetEventsClient,
    BreakerCalls {
  createSession(request?: CreateSession, options?: SubmitCallOptions): Promise<SessionView>;
  getSession(sessionId: string, options?: CallOptions): Promise<SessionView>;
  /** Goals, what to avoid, difficulty, flags, metadata. */
  updateSession(sessionId: string, update: UpdateSession, options?: CallOptions): Promise<SessionView>;
  /** Everything that is kept of the session, as one document. */
  exportSession(sessionId: string, options?: CallOptions): Promise<SessionExport>;
  /** Deletes it with everything that is kept of it; `deleting` goes on by itself. */
  deleteSession(sessionId: string, options?: SubmitCallOptions): Promise<DeletedSession>;
  submitTurn(sessionId: string, request: SubmitTurn, options?: SubmitCallOptions): Promise<Submission>;
  listTurns(sessionId: string, options?: PageOptions): Promise<Page<TurnRecord>>;
  /** What the player can see; with `full` all of it, with `version` as it was then. */
  getWorld(sessionId: string, options?: WorldOptions): Promise<SessionWorld>;
  /** Newest first: who changed the world, when, and by what. */
  listWorldVersions(sessionId: string, options?: PageOptions): Promise<Page<WorldVersion>>;
  startRun(workflow: string, request: StartRun, options?: SubmitCallOptions): Promise<Submission>;
  /** Many runs with one call; each has its own outcome, with `atomic` all or none. */
  startRuns(
    workflow: string,
    request: { items: readonly StartRun[]; atomic?: boolean },
    options?: SubmitCallOptions,
  ): Promise<{ items: readonly BulkItem[] }>;
  /** Newest first; a page may hold less than its limit and still have a next one. */
  listRuns(options?: RunListOptions): Promise<Page<RunSummary>>;
  /** Merged key by key; null removes a key. */
  updateRunMetadata(runId: string, patch: MetadataPatch, options?: CallOptions): Promise<RunView>;
  /** Runs a failed run again from where it failed. */
  resumeRun(runId: string, options?: SubmitCallOptions): Promise<RunView>;
  /** Starts a new run with the same input. */
  rerunRun(runId: string, options?: SubmitCallOptions): Promise<AcceptedRun>;
  getRun(runId: string, options?: CallOptions): Promise<RunView>;
  /** Why the run is in its present state. */
  whyRun(runId: string, options?: CallOptions): Promise<RunExplanation>;
  /** Gives a run the payload it waits for, or will wait for. */
  signalRun(runId: string, name: string, payload: unknown, options?: SubmitCallOptions): Promise<RunView>;
  cancelRun(runId: string, request?: { reason?: string }, options?: SubmitCallOptions): Promise<RunView>;
  /** Undoes what the run did after a savepoint. */
  rollbackRun(runId: string, request?: RollbackRun, options?: SubmitCallOptions): Promise<RollbackResult>;
  /** Rollbacks, early warnings and repairs of the run. */
  rollbackHistory(runId: string, options?: CallOptions): Promise<RollbackHistory>;
  /** Looks for runs that no longer fit their jobs, one or all; with `repair` it repairs them. */
  checkRuns(request?: CheckRuns, options?: SubmitCallOptions): Promise<ConsistencyReport>;
  /** Events until the run ends; survives broken connections. */
  runEvents(runId: string, options?: FollowOptions): AsyncGenerator<RunEvent>;
  /** The texts that its steps write, piece by piece, until the run ends; survives broken connections. */
  runTokens(runId: string, options?: FollowOptions): AsyncGenerator<RunToken>;
  /** Follows the run to its end and returns it as it is then. */
  waitForRun(runId: string, options?: CallOptions): Promise<RunView>;
  listSchedules(options?: PageOptions): Promise<Page<ScheduleView>>;
  getSchedule(name: string, options?: CallOptions): Promise<ScheduleView>;
  /** Creates the schedule, or puts this one in its place. */
  putSchedule(name: string, schedule: PutSchedule, options?: CallOptions): Promise<ScheduleView>;
  deleteSchedule(name: string, options?: CallOptions): Promise<void>;
  listDefinitions(options?: CallOptions): Promise<DefinitionSummary[]>;
  /** The newest version when none is named. */
  getDefinition(name: string, options?: VersionOptions): Promise<DefinitionView>;
  /** Registers a definition without code; `created` is false when it stood there with the same content. */
  putDefinition(
    definition: unknown,
    options?: SubmitCallOptions,
  ): Promise<{ definition: DefinitionView; created: boolean }>;
  /** One version, or all that were registered. */
  deleteDefinition(name: string, options?: VersionOptions & SubmitCallOptions): Promise<void>;
  /** How the fleet is doing. */
  status(options?: CallOptions): Promise<FleetStatus>;
  /** What calls of models cost, by UTC day, model, user or workflow. */
  costs(range?: CostRange, options?: CallOptions): Promise<CostReport>;
  /** Also answers while the fleet is not ready. */
  readiness(options?: CallOptions): Promise<{ status: Readiness['status'] }>;
}

/**
 * A client over fetch, for Node and browsers.
 * @example const client = createFleetClient({ baseUrl: 'http://127.0.0.1:8503' });
 */
export function createFleetClient(options: FleetClientOptions): FleetClient {
  const transport = createTransport(options);
  /** The fleet validates its answers against the same contracts the types come from. */
  const ask = async <T>(call: Call): Promise<T> => (await (await transport(call)).json()) as T;
  const get = <T>(path: string, { signal }: CallOptions = {}, query: Call['query'] = {}): Promise<T> =>
    ask<T>({ method: 'GET', path, query, signal });
  const post = <T>(
    path: string,
    body: unknown,
    { signal, idempotencyKey }: SubmitCallOptions = {},
  ): Promise<T> => ask<T>(postCall(path, body, signal, idempotencyKey));
  const submit = async (path: string, body: unknown, o: SubmitCallOptions = {}): Promise<Submission> => {
    const response = await transport(postCall(path, body, o.signal, o.idempotencyKey));
    const answer: unknown = await response.json();
    return response.status === 202
      ? { done: false, accepted: answer as AcceptedRun } // by the contract of the two statuses
      : { done: true, response: answer as OrchestrationResponse };
  };
  const runPath = (runId: string): string => pathOf`/v1/runs/${runId}`;

  const client: FleetClient = {
    createSession: (request = {}, o) => post('/v1/sessions', request, o),
    getSession: (sessionId, o) => get(pathOf`/v1/sessions/${sessionId}`, o),
    updateSession: (sessionId, update, o) =>
      ask({ method: 'PATCH', path: pathOf`/v1/sessions/${sessionId}`, body: update, signal: o?.signal }),
    exportSession: (sessionId, o) => get(pathOf`/v1/sessions/${sessionId}/export`, o),
    async deleteSession(sessionId, { signal, idempotencyKey } = {}) {
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      const path = pathOf`/v1/sessions/${sessionId}`;
      const { status } = await transport({ method: 'DELETE', path, signal, ...key });
      return { session_id: sessionId, status: status === 204 ? 'deleted' : 'deleting' };
    },
    submitTurn: (sessionId, request, o) => submit(pathOf`/v1/sessions/${sessionId}/turns`, request, o),
    listTurns: (sessionId, o) => get(pathOf`/v1/sessions/${sessionId}/turns`, o, pageQuery(o)),
    getWorld: (sessionId, o) =>
      get(pathOf`/v1/sessions/${sessionId}/world`, o, {
        version: o?.version,
        full: o?.full === true ? 'true' : undefined,
      }),
    listWorldVersions: (sessionId, o) =>
      get(pathOf`/v1/sessions/${sessionId}/world/history`, o, pageQuery(o)),
    startRun: (workflow, request, o) => submit(pathOf`/v1/workflows/${workflow}/runs`, request, o),
    startRuns: (workflow, request, o) => post(pathOf`/v1/workflows/${workflow}/runs/bulk`, request, o),
    listRuns: (o) =>
      get('/v1/runs', o, {
        ...pageQuery(o),
        workflow: o?.workflow,
        status: o?.status,
        session_id: o?.sessionId,
        user_id: o?.userId,
        since: o?.since,
        until: o?.until,
      }),
    updateRunMetadata: (runId, patch, o) =>
      ask({ method: 'PATCH', path: `${runPath(runId)}/metadata`, body: patch, signal: o?.signal }),
    resumeRun: (runId, o) => post(`${runPath(runId)}/resume`, {}, o),
    rerunRun: (runId, o) => post(`${runPath(runId)}/rerun`, {}, o),
    getRun: (runId, o) => get(runPath(runId), o),
    whyRun: (runId, o) => get(`${runPath(runId)}/why`, o),
    signalRun: (runId, name, payload, o) =>
      post(`${runPath(runId)}/signals/${encodeURIComponent(name)}`, payload, o),
    cancelRun: (runId, request = {}, o) => post(`${runPath(runId)}/cancel`, request, o),
    rollbackRun: (runId, request = {}, o) => post(`${runPath(runId)}/rollback`, request, o),
    rollbackHistory: (runId, o) => get(`${runPath(runId)}/rollback-history`, o),
    checkRuns: (request = {}, o) => post('/v1/workflows/consistency-check', request, o),
    runEvents: (runId, o) => followRun(transport, runId, o),
    runTokens: (runId, o) => followTokens(transport, runId, o),
    async waitForRun(runId, o) {
      for await (const _ of client.runEvents(runId, o)) o?.signal?.throwIfAborted();
      return client.getRun(runId, o);
    },
    listSchedules: (o) => get('/v1/schedules', o, pageQuery(o)),
    getSchedule: (name, o) => get(pathOf`/v1/schedules/${name}`, o),
    putSchedule: (name, schedule, o) =>
      ask({ method: 'PUT', path: pathOf`/v1/schedules/${name}`, body: schedule, signal: o?.signal }),
    async deleteSchedule(name, o) {
      await transport({ method: 'DELETE', path: pathOf`/v1/schedules/${name}`, signal: o?.signal });
    },
    listDefinitions: (o) => get('/v1/workflows/definitions', o),
    getDefinition: (name, o) => get(pathOf`/v1/workflows/definitions/${name}`, o, { version: o?.version }),
    async putDefinition(definition, { signal, idempotencyKey } = {}) {
      const call = postCall('/v1/workflows/definitions', definition, signal, idempotencyKey);
      const response = await transport(call);
      return { definition: (await response.json()) as DefinitionView, created: response.status === 201 };
    },
    async deleteDefinition(name, { version, signal, idempotencyKey } = {}) {
      const path = pathOf`/v1/workflows/definitions/${name}`;
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      await transport({ method: 'DELETE', path, query: { version }, signal, ...key });
    },
    ...safetyRulesCalls({ get, post, ask }),
    status: (o) => get('/v1/status', o),
    ...queueCalls({ get, transport }),
    costs: ({ from, to, groupBy } = {}, o) => get('/v1/costs', o, { from, to, group_by: groupBy }),
    ...deadLetterCalls({ get, post }),
    ...interventionCalls({ get, post, ask }),
    ...escalationCalls({ get, post }),
    ...messageCalls({ get, post }),
    ...agentCalls({ get, post, transport }),
    ...fleetEventCalls({ get, transport }),
    ...breakerCalls({ get, post }),
    readiness: (o) => ask({ method: 'GET', path: '/readyz', okStatuses: [503], signal: o?.signal }),
  };
  return client;
}

function postCall(path: string, body: unknown, signal?: AbortSignal, idempotencyKey?: string): Call {
  return { method: 'POST', path, body, signal, ...(idempotencyKey !== undefined && { idempotencyKey }) };
}

function pageQuery(options: PageOptions = {}): Record<string, string | number | undefined> {
  return { limit: options.limit, cursor: options.cursor };
}

/** Ids may hold any character; in a path they are encoded. */
function pathOf(texts: TemplateStringsArray, ...ids: string[]): string {
  return String.raw({ raw: texts }, ...ids.map(encodeURIComponent));
}
