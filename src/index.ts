// What another TypeScript project may import from `tta-agent-fleet`: how to ask a fleet over HTTP, how to put jobs on
// its queues, and the shapes of what goes in and comes out. Everything else may change without notice.

export {
  createFleetClient,
  FleetClientError,
  type CallOptions,
  type DeadLetterOptions,
  type FleetClient,
  type FleetClientOptions,
  type PageOptions,
  type FollowOptions,
  type RunEventsOptions,
  type RunListOptions,
  type Submission,
  type SubmitCallOptions,
  type VersionOptions,
} from './client/client.ts';

// Job data, for producers that use BullMQ themselves: docs/job-contract.md.
export { BACKOFF_TYPE, QUEUE_NAMES, type QueueName } from '../queues/catalogue.ts';
export { AGENT_TYPES, AGENTS, type AgentName, type AgentType } from './contracts/agent-type.ts';
export { DirectJobData, JOB_DATA_VERSION } from './contracts/job.ts';
export { jobPriority, PRIORITIES, type Priority } from './contracts/priority.ts';
export { RetryPolicy } from './contracts/retry.ts';
export { IpaInput, IpaOutput } from './contracts/intent.ts';
export { NgaInput, NgaOutput } from './contracts/narrative.ts';
export { WbaInput, WbaOutput } from './contracts/world.ts';

// What the API takes and answers.
export type { BreakerView } from './contracts/breaker.ts';
export type { DefinitionSource, DefinitionSummary, DefinitionView } from './contracts/definition.ts';
export type { DeadLetter, DeadLetterDetail, Page, QueueView, Readiness } from './contracts/operator.ts';
export { Problem } from './contracts/problem.ts';
export {
  RUN_EVENT_TYPES,
  type RunEvent,
  type RunEventType,
  type RunStatus,
  type RunSummary,
  type RunView,
} from './contracts/run.ts';
export type { PutSchedule, ScheduleView } from './contracts/schedule.ts';
export type { RollbackEntry, RollbackHistory, RollbackResult, RollbackRun } from './contracts/rollback.ts';
export { WHY_KINDS, type RunExplanation, type WhyKind, type WhyReason } from './contracts/why.ts';
export type { CreateSession, SessionView, TurnRecord } from './contracts/session.ts';
export type { AcceptedRun, OrchestrationResponse, StartRun, SubmitTurn } from './contracts/turn.ts';

// Errors: docs/errors.md.
export { ERROR_KINDS, type ErrorKind } from './kernel/error-kinds.ts';
export { FleetError, isFleetError } from './kernel/errors.ts';
