// `tta-agent-fleet/coordination`: messages, registry, routing, capabilities and supervision of agents over a Redis. The
// guide is docs/coordination/README.md, every name is in docs/coordination/API.md.

// Everything at once.
export {
  createCoordination,
  type Coordination,
  type CoordinationOptions,
  type RunAgentOptions,
} from '../coordination/create-coordination.ts';
export type { CircuitOptions } from '../coordination/circuits.ts';

// Parts, each of which can be made alone.
export { MessageCoordinator } from '../coordination/messages/coordinator.ts';
export type { CoordinatorOptions } from '../coordination/messages/open-core.ts';
export type { CoordinatorHooks } from '../coordination/messages/core.ts';
export {
  type MessagingOptions,
  MessagingSettings,
  type RuntimeOptions,
} from '../coordination/messages/settings.ts';
export type { ReceiveOptions } from '../coordination/messages/reserve.ts';
export type { NackOptions } from '../coordination/messages/settle.ts';
export {
  type ConsumeOptions,
  Consumer,
  type HandlerContext,
  type MessageHandler,
} from '../coordination/messages/consume.ts';
export type { SubscriptionFilter } from '../coordination/messages/publish.ts';
export type { AuditEntry, AuditEvent, AuditQuery } from '../coordination/messages/audit.ts';
export type { MailboxFigures } from '../coordination/messages/gauges.ts';
export type {
  DeadLetterEntry,
  ListDeadLettersOptions,
  PurgeOptions,
} from '../coordination/messages/replay.ts';
export type { MoveOptions, MoveResult } from '../coordination/messages/move.ts';
export { AgentRegistry } from '../coordination/agents/registry.ts';
export { type RegistryOptions, RegistrySettings } from '../coordination/agents/settings.ts';
export type { RegistryHooks } from '../coordination/agents/hooks.ts';
export type { RegisteredAgent, CallOutcome } from '../coordination/agents/local-agent.ts';
export type { AgentDirectory, AgentFilter, AgentView } from '../coordination/agents/directory.ts';
export type { AgentEventQuery, StoredAgentEvent } from '../coordination/agents/events.ts';
export type { DegradeOutcome } from '../coordination/agents/degrade.ts';
export type {
  CoordinatedAgent,
  AgentCallContext,
  AgentJob,
  HealthReport,
} from '../coordination/agents/agent.ts';
export { Router, type TargetOptions, type PreviewOptions } from '../coordination/routing/router.ts';
export { type RoutingOptions, RoutingSettings } from '../coordination/routing/settings.ts';
export { Capabilities, type CapabilitiesParts } from '../coordination/capabilities/capabilities.ts';
export {
  type CapabilityOptions,
  CapabilitySettings,
  type MatchingOptions,
  MatchingSettings,
  type MatchAlgorithmName,
  MATCH_ALGORITHMS,
} from '../coordination/capabilities/settings.ts';
export type { CapabilitySetOf } from '../coordination/capabilities/store.ts';
export { CapabilityStatistics } from '../coordination/capabilities/overview.ts';
export type { DiscoverOptions } from '../coordination/capabilities/search-options.ts';
export type { SemanticScorer, SemanticQuery } from '../coordination/capabilities/match/semantic-match.ts';
export {
  CapabilityDiscovery,
  type DiscoveryParts,
} from '../coordination/capabilities/discovery/discovery.ts';
export type {
  DiscoveryComponent,
  InferCapabilities,
} from '../coordination/capabilities/discovery/component.ts';
export {
  type DiscoveryOptions,
  DiscoverySettings,
  DiscoveryStrategy,
} from '../coordination/capabilities/discovery/settings.ts';
export { DiscoveryStatus, ComponentStatus } from '../coordination/capabilities/discovery/status.ts';
export type { ComponentStatusName } from '../coordination/capabilities/discovery/component-state.ts';
export { type Environment, resolveEnvironment } from '../coordination/capabilities/discovery/environment.ts';
export {
  Supervisor,
  type SupervisorPorts,
  type SupervisedView,
} from '../coordination/supervision/supervisor.ts';
export { type SupervisionOptions, SupervisionSettings } from '../coordination/supervision/settings.ts';
export { RestartPolicy, type RestartPolicyOptions } from '../coordination/supervision/restart-policy.ts';
export {
  type CallGuard,
  AgentRunner,
  type RunnerPorts,
  type RunnerOptions,
} from '../coordination/supervision/agent-runner.ts';
export { AgentCommand, type AgentCommandRequest } from '../coordination/supervision/commands.ts';
export { Fallback, type FallbackPorts } from '../coordination/supervision/fallback.ts';
export {
  openCoordinationCore,
  type CoreOptions,
  type OpenedCoordinationCore,
} from '../coordination/open-core.ts';
export type { CoordinationCore } from '../coordination/core.ts';

// What the application may bring along.
export type {
  MetricsSink,
  MetricLabels,
  Logger,
  LogFields,
  ConnectionInput,
  CoordinationPorts,
} from '../coordination/ports.ts';
export type { Clock } from '../kernel/clock.ts';

// Models.
export { createAgentId } from '../coordination/models/create-agent-id.ts';
export {
  agentIdText,
  parseAgentIdText,
  canonicalAgentId,
  isSameAgent,
  DEFAULT_INSTANCE,
  AgentId,
  type AgentIdInput,
  AgentIdText,
  AgentType,
  AgentInstance,
} from '../coordination/models/agent-id.ts';
export {
  MessageId,
  MessageType,
  MESSAGE_TYPES,
  RoutingKey,
  AgentMessage,
  type AgentMessageInput,
  MessageResult,
  type SendErrorCode,
  SEND_ERROR_CODES,
  MessageSubscription,
} from '../coordination/models/message.ts';
export { MessagePriority } from '../contracts/priority.ts';
export {
  QueueMessage,
  RetryStamp,
  ReceivedMessage,
  FailureType,
  FAILURE_TYPES,
  FailedDelivery,
  DeadLetter,
  UnreadableDeadLetter,
  type DeadLetterReason,
  DEAD_LETTER_REASONS,
} from '../coordination/models/queue-message.ts';
export {
  AgentRecord,
  AgentPerformance,
  AgentResources,
  DegradedBy,
} from '../coordination/models/agent-record.ts';
export {
  AgentRuntimeStatus,
  AGENT_RUNTIME_STATUSES,
  AgentState,
} from '../coordination/models/agent-state.ts';
export { AgentContext, SessionContext } from '../coordination/models/context.ts';
export { AgentEvent, AGENT_EVENT_KINDS } from '../coordination/models/agent-event.ts';
export {
  RoutingPreview,
  RoutingCandidate,
  ExclusionReason,
  EXCLUSION_REASONS,
} from '../coordination/models/routing.ts';
export {
  AgentCapability,
  type AgentCapabilityInput,
  AgentCapabilitySet,
  type AgentCapabilitySetInput,
  CapabilityType,
  CAPABILITY_TYPES,
  CapabilityStatus,
  CAPABILITY_STATUSES,
  CapabilityScope,
} from '../coordination/models/capability.ts';
export {
  CapabilityMatchCriteria,
  type CapabilityMatchCriteriaInput,
  CapabilityMatch,
  CapabilityDiscoveryResponse,
} from '../coordination/models/capability-search.ts';
export { CapabilityDiscoveryRequest } from '../coordination/capabilities/search-options.ts';
export { JsonObject } from '../coordination/models/json.ts';
export type { JsonValue } from '../kernel/json.ts';

// Errors.
export {
  CoordinationValidationError,
  type ValidationIssue,
  CoordinationUnavailableError,
  CoordinationClosedError,
  PermanentFailure,
  RequestTimeoutError,
  RequestNotSentError,
  AgentInstanceConflictError,
  AgentNotRegisteredError,
} from '../coordination/errors.ts';
export { FleetError, isFleetError } from '../kernel/errors.ts';
