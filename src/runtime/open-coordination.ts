import type { Config } from '../../config/schema.ts';
import { createCoordination, type Coordination } from '../coordination/create-coordination.ts';
import { MESSAGE_METRICS } from '../coordination/messages/metric-names.ts';
import type { CallGuard } from '../coordination/supervision/agent-runner.ts';
import { shortAgentType } from '../contracts/agent-type.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createMetricsSink } from '../observability/metrics-sink.ts';
import type { Breakers } from '../resilience/breakers.ts';
import {
  CALL_SPARE_MS,
  capabilityOptions,
  discoveryOptions,
  messagingOptions,
  registryOptions,
  routingOptions,
  supervisionOptions,
} from './coordination-settings.ts';

/** An agent that nobody sends to, receives from or counts for so long leaves the metrics of a process. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** What a process needs to talk to agents, and to run some. */
export type FleetCoordination = Omit<Coordination, 'circuits'>;

export interface CoordinationParts {
  readonly config: Config;
  readonly redisUrl: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The circuits of the fleet; without them agents are called as they are. */
  readonly breakers?: Breakers;
  /** Told when no agent of this process works and none may be restarted. */
  readonly onHopeless?: () => void;
}

/**
 * The agents of a fleet for one process. Nothing connects before it is used: a process that never speaks to an
 * agent has no connection more.
 */
export function openCoordination(parts: CoordinationParts): FleetCoordination {
  const { config, redisUrl, log, metrics, breakers, onHopeless } = parts;
  const sink = createMetricsSink(metrics, {
    // Read from Redis by API processes: see message-gauges.
    readElsewhere: [MESSAGE_METRICS.queueLength, MESSAGE_METRICS.reservedLength, MESSAGE_METRICS.dlqLength],
    now: () => Date.now(),
  });
  const forget = metrics.onScrape(() => sink.forgetIdle(Date.now(), FORGOTTEN_AFTER_MS));
  const coordination = createCoordination({
    connection: redisUrl,
    keyPrefix: config.redis.key_prefix,
    messaging: messagingOptions(config),
    agents: registryOptions(config),
    router: routingOptions(config),
    capabilities: capabilityOptions(config),
    discovery: discoveryOptions(config),
    environment: config.environment,
    supervision: supervisionOptions(config),
    metrics: sink,
    logger: log,
    ...(breakers === undefined ? {} : { around: fleetCircuits(breakers, config) }),
    ...(onHopeless === undefined ? {} : { onHopeless }),
  });
  return {
    ...coordination,
    async close(options) {
      forget();
      await coordination.close(options);
    },
  };
}

/** A message goes through the same circuit as a step: `agent.ipa`, and `agent.<type>` of a type that is not the fleet's. */
function fleetCircuits(breakers: Breakers, config: Config): CallGuard {
  const { callTimeouts = {}, callTimeoutMs = 30_000 } = supervisionOptions(config);
  return (agent, work, signal) =>
    breakers.get(`agent.${shortAgentType(agent.type)}`).execute((inner) => work(inner), {
      signal,
      timeoutMs: Math.max(1, (callTimeouts[agent.type] ?? callTimeoutMs) - CALL_SPARE_MS),
    });
}
