import { randomUUID } from 'node:crypto';
import { FlowProducer, type Queue } from 'bullmq';
import type { Config } from '../../config/schema.ts';
import { QUEUE_NAMES, SAFETY_QUEUES } from '../../queues/catalogue.ts';
import { AGENTS } from '../contracts/agent-type.ts';
import { systemClock, type Clock } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { publicAddress, type OutageBehaviour, type RedisClient } from '../redis/connect.ts';
import { createKeys } from '../redis/keys.ts';
import type { RedisStore } from '../redis/store.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { CircuitStore } from '../resilience/shared/circuit-store.ts';
import { ServiceTimes } from '../primitives/durable/service-times.ts';
import type { Catalog } from '../workflows/catalog/catalog.ts';
import type { DeadLetterContext } from '../workflows/dead-letters.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import { AgentTypes } from '../workflows/registry/agent-types.ts';
import type { DefinitionRegistry } from '../workflows/registry/registry.ts';
import { AgentQueues } from './agent-queues.ts';
import { LoadEstimate } from './load-estimate.ts';
import { createConnections, type Connections } from './connections.ts';
import { openFleetBreakers } from './fleet-breakers.ts';
import { openRegistry } from './open-registry.ts';
import { showPlayers } from './fleet-tracing.ts';
import { workflowSettings } from './settings.ts';

/** What every role of the fleet is built on. */
export interface Core {
  readonly config: Config;
  readonly redisUrl: string;
  readonly connections: Connections;
  readonly store: RedisStore;
  /** The connection for everything that is announced; it does nothing but subscribe. */
  readonly subscriber: RedisClient;
  /** The circuits of what this process calls, shared with the whole fleet. */
  readonly breakers: Breakers;
  /** All circuits of the fleet. */
  readonly circuits: CircuitStore;
  /** What was registered over HTTP; null where the catalog is a fixed one. */
  readonly registry: DefinitionRegistry | null;
  /** The types of agents that modules brought. */
  readonly agentTypes: AgentTypes;
  /** The connection that BullMQ's queues share. */
  readonly bull: RedisClient;
  /** All queues of the fleet; those of types of agents that modules bring come and go. */
  readonly queues: ReadonlyMap<string, Queue>;
  readonly workflows: DeadLetterContext;
  /** How long things take, of all processes of the fleet. */
  readonly times: ServiceTimes;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  close(): Promise<void>;
}

export interface CoreOptions {
  readonly config: Config;
  readonly redisUrl: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly onOutage: OutageBehaviour;
  readonly clock?: Clock;
  /** Takes the place of the fleet's registry: these definitions, no others, and held to nothing. */
  readonly catalog?: Catalog;
  /** Definitions beside the product's own. */
  readonly plans?: readonly WorkflowDefinition[];
  /** Takes the place of the product's definitions in code. */
  readonly definitions?: readonly WorkflowDefinition[];
  /** Whether patches of worlds are also put in the outbox for a graph database. Default: where one is configured. */
  readonly hasWorldOutbox?: boolean;
  /** `look`: a passer-by, which does not say what the versions of this fleet mean. Default `hold`. */
  readonly pins?: 'hold' | 'look';
}

/** Connect to Redis and open the queues. Errors: redis_unavailable, version_exists. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, log, metrics, onOutage } = options;
  const connections = createConnections(config, options.redisUrl, { log, metrics });
  const prefix = config.redis.bullmq_prefix;
  const clock = options.clock ?? systemClock;
  try {
    const redis = await connections.open('commands', { onOutage });
    const bull = await connections.open('queues', { onOutage });
    const subscriber = await connections.open('notices', { onOutage });
    // Calls must not wait for Redis where everything else does.
    const prompt =
      onOutage === 'patient' ? await connections.open('circuits', { onOutage: 'fail_fast' }) : redis;
    const breakers = openFleetBreakers({ config, clock, log, metrics }, { redis: prompt, subscriber });
    const circuits = new CircuitStore({ redis: prompt, prefix: config.redis.key_prefix, by: randomUUID() });
    const store: RedisStore = { redis, keys: createKeys(config.redis.key_prefix) };
    const queueOptions = { connection: bull, prefix, skipWaitingForReady: true };
    const agentQueues = new AgentQueues(queueOptions, log, {
      names: QUEUE_NAMES,
      deadLetters: [...AGENTS, 'maintenance', ...SAFETY_QUEUES],
    });
    const queues = agentQueues.all;
    const flows = new FlowProducer(queueOptions);
    flows.on('error', (error) => log.debug({ reason: error.message }, 'queue connection reported an error'));
    await untilReady([flows, ...queues.values()], options.redisUrl);
    const agentTypes = new AgentTypes({ store, log, onChange: (types) => agentQueues.follow(types) });
    await agentTypes.start(subscriber);
    const registry =
      options.catalog === undefined
        ? await openRegistry(options, store, subscriber, breakers, agentTypes)
        : null;
    await showPlayers(config, store);
    const times = new ServiceTimes({
      store,
      now: () => clock.now(),
      onLost: (error) => log.debug({ err: error }, 'service times were lost'),
    });
    const load = new LoadEstimate({
      store,
      queues,
      clock,
      onError: (error) => log.debug({ err: error }, 'the load of the fleet could not be read'),
    });
    const workflows: DeadLetterContext = {
      times,
      load,
      store,
      catalog: options.catalog ?? registry!.catalog,
      flows,
      runJobs: queues.get('flow')!,
      maintenance: queues.get('maintenance')!,
      stepQueues: queues,
      deadLetterQueues: agentQueues.deadLetters,
      settings: {
        ...workflowSettings(config),
        hasWorldOutbox: options.hasWorldOutbox ?? config.neo4j.url !== null,
      },
      clock,
      log,
      metrics,
    };
    return {
      config,
      redisUrl: options.redisUrl,
      connections,
      store,
      subscriber,
      breakers,
      circuits,
      registry,
      agentTypes,
      bull,
      queues,
      workflows,
      times,
      log,
      metrics,
      clock,
      async close() {
        registry?.stop();
        agentTypes.stop();
        await breakers.stop();
        await times.stop();
        await Promise.allSettled([flows.close(), agentQueues.close()]);
        await connections.close();
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

/**
 * A queue asks Redis for its version once, and refuses everything for ever when the answer comes too late: so not while
 * the start of a process keeps it busy with other things.
 */
async function untilReady(
  queues: readonly { waitUntilReady(): Promise<unknown> }[],
  url: string,
): Promise<void> {
  try {
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
  } catch (cause) {
    throw new FleetError({
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: `Redis at ${publicAddress(url)} does not say which version it is`,
      cause,
    });
  }
}
