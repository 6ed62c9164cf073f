import type { Config } from '../../config/schema.ts';
import { MessageCoordinator } from '../coordination/messages/coordinator.ts';
import { MESSAGE_METRICS } from '../coordination/messages/metric-names.ts';
import type { CoordinatorHooks } from '../coordination/messages/core.ts';
import type { MessagingOptions } from '../coordination/messages/settings.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createMetricsSink, type AgentMetrics } from '../observability/metrics-sink.ts';

/** An agent that nobody sends to, receives from or counts for so long leaves the metrics of a process. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** What a process needs to talk to agents. */
export interface FleetCoordination {
  readonly coordinator: MessageCoordinator;
  /** Where everything of coordination counts. */
  readonly sink: AgentMetrics;
  /** Ends what is under way, then closes; safe to call twice and before anything was used. */
  close(): Promise<void>;
}

export interface CoordinationParts {
  readonly config: Config;
  readonly redisUrl: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * The agents of a fleet for one process. Nothing connects before it is used: a process that never speaks to an
 * agent has no connection more.
 */
export function openCoordination(parts: CoordinationParts, hooks: CoordinatorHooks = {}): FleetCoordination {
  const { config, redisUrl, log, metrics } = parts;
  const sink = createMetricsSink(metrics, {
    // Read from Redis by API processes: see message-gauges.
    readElsewhere: [MESSAGE_METRICS.queueLength, MESSAGE_METRICS.reservedLength, MESSAGE_METRICS.dlqLength],
    now: () => Date.now(),
  });
  const forget = metrics.onScrape(() => sink.forgetIdle(Date.now(), FORGOTTEN_AFTER_MS));
  const coordinator = new MessageCoordinator({
    connection: redisUrl,
    keyPrefix: config.redis.key_prefix,
    messaging: messagingOptions(config),
    metrics: sink,
    logger: log,
    ...hooks,
  });
  return {
    coordinator,
    sink,
    async close() {
      forget();
      await coordinator.close();
    },
  };
}

/** Configuration speaks in seconds, coordination in milliseconds. */
export function messagingOptions({ messaging, metrics }: Config): MessagingOptions {
  const ms = (seconds: number): number => Math.round(seconds * 1000);
  return {
    queueSize: messaging.queue_size,
    retryAttempts: messaging.retry_attempts,
    backoffBaseMs: ms(messaging.backoff_base),
    backoffMaxMs: ms(messaging.backoff_max),
    backoffFactor: messaging.backoff_factor,
    backoffJitter: messaging.backoff_jitter,
    visibilityTimeoutMs: ms(messaging.visibility_timeout),
    maxStalls: messaging.max_stalls,
    sweepIntervalMs: messaging.sweep_interval_ms,
    autoRecoverOnStart: messaging.auto_recover_on_start,
    auditMaxLen: messaging.audit_max_len,
    maxPayloadBytes: messaging.max_payload_bytes,
    dlqWarnThreshold: metrics.dlq_warn_threshold,
    retrySpikeWarnThreshold: metrics.retry_spike_warn_threshold,
  };
}
