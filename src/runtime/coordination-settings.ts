import type { Config } from '../../config/schema.ts';
import type { RegistryOptions } from '../coordination/agents/settings.ts';
import type { DiscoveryOptions } from '../coordination/capabilities/discovery/settings.ts';
import type { CapabilityOptions } from '../coordination/capabilities/settings.ts';
import type { MessagingOptions } from '../coordination/messages/settings.ts';
import type { RoutingOptions } from '../coordination/routing/settings.ts';
import type { SupervisionOptions } from '../coordination/supervision/settings.ts';
import { AGENTS, longAgentType } from '../contracts/agent-type.ts';
import { agentTimeoutMs } from './settings.ts';

/** Configuration speaks in seconds, coordination in milliseconds. */

/** The circuit around a call ends it first, so that it counts; the consumer is there for what does not heed that. */
export const CALL_SPARE_MS = 1000;

const ms = (seconds: number): number => Math.round(seconds * 1000);

export function messagingOptions({ messaging, metrics }: Config): MessagingOptions {
  return {
    queueSize: messaging.queue_size,
    retryAttempts: messaging.retry_attempts,
    backoffBaseMs: ms(messaging.backoff_base),
    backoffMaxMs: ms(messaging.backoff_max),
    backoffFactor: messaging.backoff_factor,
    backoffJitter: messaging.backoff_jitter,
    visibilityTimeoutMs: ms(messaging.visibility_timeout),
    messageTimeoutMs: ms(messaging.message_timeout),
    maxStalls: messaging.max_stalls,
    sweepIntervalMs: messaging.sweep_interval_ms,
    autoRecoverOnStart: messaging.auto_recover_on_start,
    auditMaxLen: messaging.audit_max_len,
    maxPayloadBytes: messaging.max_payload_bytes,
    dlqWarnThreshold: metrics.dlq_warn_threshold,
    retrySpikeWarnThreshold: metrics.retry_spike_warn_threshold,
  };
}

export function registryOptions({ agents }: Config): RegistryOptions {
  return {
    heartbeatTtlMs: ms(agents.heartbeat_ttl),
    ...(agents.heartbeat_interval === null ? {} : { heartbeatIntervalMs: ms(agents.heartbeat_interval) }),
    recordRetentionMs: ms(agents.record_retention),
    stateRetentionMs: ms(agents.state_retention),
    maxStateBytes: agents.max_state_bytes,
  };
}

export function routingOptions({ router }: Config): RoutingOptions {
  return {
    enabled: router.enabled,
    weightQueue: router.weight_queue,
    weightHeartbeat: router.weight_heartbeat,
    weightSuccess: router.weight_success,
    heartbeatFreshMs: ms(router.heartbeat_fresh_seconds),
    successWindowSize: router.success_window_size,
  };
}

export function capabilityOptions({ agents: { discovery } }: Config): CapabilityOptions {
  const { capability_matching: matching } = discovery;
  return {
    cacheTtlMs: ms(discovery.cache_ttl),
    maxSearchResults: discovery.max_search_results,
    matching: {
      algorithm: matching.algorithm,
      scoreThreshold: matching.score_threshold,
      fuzzyThreshold: matching.fuzzy_threshold,
      semanticThreshold: matching.semantic_threshold,
      preferExactVersion: matching.prefer_exact_version,
      includeDeprecated: matching.include_deprecated,
    },
  };
}

export function discoveryOptions({ agents: { discovery } }: Config): DiscoveryOptions {
  return {
    enabled: discovery.enabled,
    strategy: discovery.strategy,
    discoveryDelayMs: ms(discovery.discovery_delay),
    discoveryTimeoutMs: ms(discovery.discovery_timeout),
    retryAttempts: discovery.retry_attempts,
    retryDelayMs: ms(discovery.retry_delay),
    capabilityValidation: discovery.capability_validation,
    environments: { ...discovery.environments },
  };
}

export function supervisionOptions(config: Config): SupervisionOptions {
  const { monitoring, shutdown } = config;
  const { restart_policy: restart } = monitoring;
  return {
    healthCheckIntervalMs: ms(monitoring.health_check_interval),
    failureDetection: monitoring.failure_detection_enabled,
    ...(monitoring.failure_detection_interval === null
      ? {}
      : { failureDetectionIntervalMs: ms(monitoring.failure_detection_interval) }),
    restart: {
      baseDelayMs: ms(restart.base),
      factor: restart.backoff_factor,
      maxDelayMs: ms(restart.backoff_max),
      maxAttempts: restart.max_attempts_window,
      windowMs: ms(restart.window_seconds),
      circuitFailures: restart.circuit_breaker_failures,
      circuitResetMs: ms(restart.circuit_reset_seconds),
    },
    shutdownGraceMs: ms(shutdown.grace),
    callTimeouts: Object.fromEntries(
      [...AGENTS, ...Object.keys(config.agents.custom)].map((name) => [
        longAgentType(name),
        agentTimeoutMs(config, name) + CALL_SPARE_MS,
      ]),
    ),
  };
}
