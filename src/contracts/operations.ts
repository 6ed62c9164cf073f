import type { FleetError } from '../kernel/errors.ts';
import type { RunId } from '../kernel/ids.ts';
import type { BreakerOperations } from './breaker.ts';
import type { Caller } from './caller.ts';
import type { CostRange, CostReport } from './costs.ts';
import type { DefinitionSummary, DefinitionView } from './definition.ts';
import type { FleetEventOperations } from './fleet-event.ts';
import type { DeadLetter, DeadLetterDetail, Page, QueueView, Readiness } from './operator.ts';
import type { MetadataPatch, RunEvent, RunView } from './run.ts';
import type { RunFilter, RunPage } from './run-list.ts';
import type { PutSchedule, ScheduleView } from './schedule.ts';
import type { CheckRuns, ConsistencyReport } from './consistency.ts';
import type { RollbackHistory, RollbackResult, RollbackRun } from './rollback.ts';
import type { FleetStatus } from './status.ts';
import type { CreateSession, DeletedSession, SessionView, TurnRecord, UpdateSession } from './session.ts';
import type { SessionExport } from './session-export.ts';
import type { SafetyRulesOperations } from './safety-operations/rules.ts';
import type { EscalationOperations } from './safety-operations/escalations.ts';
import type { RunExplanation } from './why.ts';
import type { SessionWorld, WorldQuestion, WorldVersion } from './world-history.ts';
import type { InterventionOperations } from './safety-operations/interventions.ts';
import type { SafetyReportOperations } from './safety-operations/reports.ts';
import type { RunToken } from './token.ts';
import type { AcceptedRun, BulkStart, OrchestrationResponse, StartRun, SubmitTurn } from './turn.ts';

/** What came of submitted work: its answer when it ended within `wait_ms`, else where to ask for it. */
export type Submitted =
  | { readonly done: true; readonly response: OrchestrationResponse; readonly isRepeat?: boolean }
  /** `isRepeat`: an earlier request with the same `dedup_id` had started the run. */
  | { readonly done: false; readonly accepted: AcceptedRun; readonly isRepeat?: boolean };

/** What came of one item of a bulk request: a run, or why there is none. */
export interface BulkStarted {
  readonly index: number;
  readonly runId?: RunId;
  readonly error?: FleetError;
  /** Its text was answered itself: no run was started. */
  readonly response?: OrchestrationResponse;
}

export interface SubmitOptions {
  /** Chosen beforehand by an idempotent caller; a run that already has this id is returned, not repeated. */
  readonly runId?: RunId;
  readonly requestId?: string;
  /** Equal for a request that is repeated, also while nobody can be asked whether it was made before. */
  readonly requestKey?: string;
  readonly traceparent?: string;
  /** Ends the waiting, never the run. */
  readonly signal?: AbortSignal;
}

export interface DeadLetterFilter {
  readonly queue?: string;
  readonly reason?: string;
  readonly since?: number;
  readonly limit: number;
  /** `dead_at` epoch ms and id of the last entry seen. */
  readonly after?: { readonly at: number; readonly id: string };
}

/** Many dead letters at once: the newest that match, at most `max`. */
export interface BulkDeadLetters {
  readonly filter: Pick<DeadLetterFilter, 'queue' | 'reason' | 'since'>;
  readonly max: number;
  /** Only say which ones. */
  readonly dryRun: boolean;
}

export interface DeadLetterOutcome {
  readonly dlqId: string;
  /** Of what was queued again. */
  readonly jobId?: string;
  /** Why nothing was done. */
  readonly error?: FleetError;
}

export interface DeadLetterOutcomes {
  /** In the order in which it was done. */
  readonly items: readonly DeadLetterOutcome[];
  /** Others match as well. */
  readonly more: boolean;
}

/**
 * Everything that can be asked of a fleet. HTTP and the CLI speak only to this, so they cannot differ.
 *
 * Common errors: validation_failed (invalid_input), run_not_found, session_not_found, workflow_not_found
 * (not_found), forbidden, backend_unavailable (unavailable).
 */
export interface FleetOperations
  extends
    SafetyRulesOperations,
    InterventionOperations,
    SafetyReportOperations,
    EscalationOperations,
    BreakerOperations,
    FleetEventOperations {
  createSession(request: CreateSession, caller: Caller): Promise<{ session: SessionView; created: boolean }>;
  getSession(sessionId: string, caller: Caller): Promise<SessionView>;
  /** For its owner and whoever may operate. Errors also: validation_failed when it becomes too large. */
  updateSession(sessionId: string, update: UpdateSession, caller: Caller): Promise<SessionView>;
  /** For its owner and administrators. */
  exportSession(sessionId: string, caller: Caller): Promise<SessionExport>;
  /** Everything that stands in Redis because of it; safe to repeat until it is `deleted`. */
  deleteSession(sessionId: string, caller: Caller): Promise<DeletedSession>;
  /** Errors also: session_busy (429 or, with `on_busy: reject`, 409), too_many_runs (429). */
  submitTurn(
    sessionId: string,
    request: SubmitTurn,
    caller: Caller,
    options?: SubmitOptions,
  ): Promise<Submitted>;
  /** Newest first. `before` is the turn number of the last entry seen. */
  listTurns(
    sessionId: string,
    page: { limit: number; before?: number },
    caller: Caller,
  ): Promise<{ items: TurnRecord[]; nextBefore: number | null }>;
  /** Errors also: forbidden for `full`, world_version_not_found (404), world_version_gone (410). */
  getWorld(sessionId: string, question: WorldQuestion, caller: Caller): Promise<SessionWorld>;
  /** Newest first. `before` is the version of the last entry seen. */
  listWorldVersions(
    sessionId: string,
    page: { limit: number; before?: number },
    caller: Caller,
  ): Promise<{ items: WorldVersion[]; nextBefore: number | null }>;
  /** Errors also: entrypoint_mismatch (422), idempotency_key_reused (422), too_many_runs (429). */
  startRun(workflow: string, request: StartRun, caller: Caller, options?: SubmitOptions): Promise<Submitted>;
  /** Each with its own outcome; with `atomic` all of them, or an error. None is waited for. */
  startRuns(
    workflow: string,
    request: BulkStart,
    caller: Caller,
    options?: SubmitOptions,
  ): Promise<BulkStarted[]>;
  /** Newest first; readers see all, others their own. */
  listRuns(filter: RunFilter, caller: Caller): Promise<RunPage>;
  /** Merged key by key; null removes a key. Errors also: validation_failed beyond 16 KiB. */
  updateRunMetadata(runId: string, patch: MetadataPatch, caller: Caller): Promise<RunView>;
  /** Errors also: run_not_resumable (conflict). */
  resumeRun(runId: string, caller: Caller): Promise<RunView>;
  /** A new run with the same input. Errors also: too_many_runs (429), workflow_not_found, session_not_found. */
  rerunRun(runId: string, caller: Caller, options?: SubmitOptions): Promise<AcceptedRun>;
  getRun(runId: string, caller: Caller): Promise<RunView>;
  /** The run when it has ended, or as it stands after `waitMs`. Going away ends nothing. */
  awaitRun(
    runId: string,
    options: { waitMs: number; signal?: AbortSignal },
    caller: Caller,
  ): Promise<RunView>;
  /** Why a run is in its present state: what it waits for, and what changes that. */
  whyRun(runId: string, caller: Caller): Promise<RunExplanation>;
  /** Errors also: run_not_cancellable (conflict). */
  cancelRun(runId: string, request: { reason?: string }, caller: Caller): Promise<RunView>;
  /**
   * Deliver a payload that the run waits for, or will wait for. Exactly one payload of a name is taken.
   * Errors also: run_not_signalable (conflict), signal_invalid (422).
   */
  signalRun(runId: string, name: string, payload: unknown, caller: Caller): Promise<RunView>;
  /**
   * Undo what a run did after a savepoint; `cancel` ends it first.
   * Errors also: savepoint_not_found, run_active, rollback_in_progress (conflict).
   */
  rollbackRun(runId: string, request: RollbackRun, caller: Caller): Promise<RollbackResult>;
  /** Rollbacks, early warnings and repairs, newest first; kept longer than the run's record. */
  rollbackHistory(runId: string, caller: Caller): Promise<RollbackHistory>;
  /** Look for what is wrong with runs by the rules of the watchdog; with `repair`, do something about it. */
  checkRuns(request: CheckRuns, caller: Caller): Promise<ConsistencyReport>;
  /** The run's stored events after `after` (stream id), oldest first; `ended` says whether more can come. */
  listRunEvents(
    runId: string,
    page: { after?: string; limit: number },
    caller: Caller,
  ): Promise<{ items: RunEvent[]; ended: boolean }>;
  /** The run's events after `after`, then live ones; ends after the terminal event. */
  runEvents(
    runId: string,
    options: { after?: string; signal: AbortSignal },
    caller: Caller,
  ): AsyncIterable<RunEvent>;
  /** Sorted by name. */
  listSchedules(): Promise<ScheduleView[]>;
  /** Errors: schedule_not_found. */
  getSchedule(name: string): Promise<ScheduleView>;
  /** Errors also: invalid_schedule (422), too_many_schedules (conflict). */
  putSchedule(
    name: string,
    schedule: PutSchedule,
    caller: Caller,
  ): Promise<{ schedule: ScheduleView; created: boolean }>;
  /** Errors: schedule_not_found. */
  deleteSchedule(name: string, caller: Caller): Promise<void>;
  /** By name; the definitions in code and those that were registered. */
  listDefinitions(): Promise<DefinitionSummary[]>;
  /** The newest version when none is named. */
  getDefinition(name: string, version?: number): Promise<DefinitionView>;
  /**
   * Register a definition without code. Without a version it becomes the next one; the same content again changes
   * nothing. Errors: invalid_workflow (422), reserved_name, version_exists (both conflict).
   */
  putDefinition(
    definition: unknown,
    caller: Caller,
  ): Promise<{ definition: DefinitionView; created: boolean }>;
  /** One version, or all of them. Errors also: reserved_name, definition_in_use (both conflict). */
  deleteDefinition(name: string, version: number | undefined, caller: Caller): Promise<void>;
  /**
   * The pieces of text that the run's steps have written and write, after `after`; ends with the run.
   * Errors also: forbidden for who may not read what players read.
   */
  runTokens(
    runId: string,
    options: { after?: string; signal: AbortSignal },
    caller: Caller,
  ): Promise<AsyncIterable<RunToken>>;
  listQueues(): Promise<QueueView[]>;
  /**
   * Forget a type of agents that a module brought and nobody serves any more, with its empty queue.
   * Errors: queue_not_found, queue_in_use (conflict).
   */
  deleteQueue(name: string, caller: Caller): Promise<void>;
  /** What calls of models cost. Errors also: cost_range_invalid (422). */
  costs(range: CostRange): Promise<CostReport>;
  /** Newest first. */
  listDeadLetters(filter: DeadLetterFilter): Promise<DeadLetter[]>;
  /** Errors: dead_letter_not_found. */
  getDeadLetter(dlqId: string): Promise<DeadLetterDetail>;
  /** A step's entry resumes its run. Errors: dead_letter_not_found, run_not_resumable (conflict). */
  replayDeadLetter(dlqId: string, caller: Caller): Promise<{ job_id: string }>;
  discardDeadLetter(dlqId: string, request: { reason: string }, caller: Caller): Promise<DeadLetter>;
  /** Each with its own outcome; none stands in the way of another. */
  replayDeadLetters(request: BulkDeadLetters, caller: Caller): Promise<DeadLetterOutcomes>;
  discardDeadLetters(
    request: BulkDeadLetters & { readonly reason: string },
    caller: Caller,
  ): Promise<DeadLetterOutcomes>;
  /** How the fleet is doing, the same from every process. */
  status(): Promise<FleetStatus>;
  readiness(): Promise<Readiness>;
}

export type DeadLetterPage = Page<DeadLetter>;
