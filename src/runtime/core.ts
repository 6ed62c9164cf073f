import { FlowProducer, Queue } from 'bullmq';
import type { Config } from '../../config/schema.ts';
import { QUEUE_NAMES, type QueueName } from '../../queues/catalogue.ts';
import { AGENTS } from '../contracts/agent-type.ts';
import { systemClock, type Clock } from '../kernel/clock.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { OutageBehaviour, RedisClient } from '../redis/connect.ts';
import { createKeys } from '../redis/keys.ts';
import type { RedisStore } from '../redis/store.ts';
import { createCatalog, type Catalog } from '../workflows/catalog/catalog.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';
import type { DeadLetterContext } from '../workflows/dead-letters.ts';
import { createConnections, type Connections } from './connections.ts';
import { exampleCosts, productWorkflows } from './product-catalog.ts';
import { workflowSettings } from './settings.ts';

/** What every role of the fleet is built on. */
export interface Core {
  readonly config: Config;
  readonly redisUrl: string;
  readonly connections: Connections;
  readonly store: RedisStore;
  /** The connection that BullMQ's queues share. */
  readonly bull: RedisClient;
  readonly queues: ReadonlyMap<QueueName, Queue>;
  readonly workflows: DeadLetterContext;
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
  readonly catalog?: Catalog;
  /** Definitions beside the product's own. */
  readonly plans?: readonly WorkflowDefinition[];
}

/** Connect to Redis and open the queues. Errors: redis_unavailable. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { config, log, metrics, onOutage } = options;
  const connections = createConnections(config, options.redisUrl, { log, metrics });
  const prefix = config.redis.bullmq_prefix;
  const clock = options.clock ?? systemClock;
  try {
    const redis = await connections.open('commands', { onOutage });
    const bull = await connections.open('queues', { onOutage });
    const store: RedisStore = { redis, keys: createKeys(config.redis.key_prefix) };
    const queueOptions = { connection: bull, prefix, skipWaitingForReady: true };
    const queues = new Map(QUEUE_NAMES.map((name) => [name, new Queue(name, queueOptions)]));
    const flows = new FlowProducer(queueOptions);
    const onError = (error: Error): void =>
      log.debug({ reason: error.message }, 'queue connection reported an error');
    for (const queue of queues.values()) queue.on('error', onError);
    flows.on('error', onError);
    const workflows: DeadLetterContext = {
      store,
      catalog:
        options.catalog ??
        createCatalog([
          ...productWorkflows(config, exampleCosts({ store, clock, log })),
          ...(options.plans ?? []),
        ]),
      flows,
      runJobs: queues.get('flow')!,
      maintenance: queues.get('maintenance')!,
      stepQueues: new Map<string, Queue>(queues),
      deadLetterQueues: new Map(
        ([...AGENTS, 'maintenance'] as const).map((name) => [name, queues.get(name)!]),
      ),
      settings: workflowSettings(config),
      clock,
      log,
      metrics,
    };
    return {
      config,
      redisUrl: options.redisUrl,
      connections,
      store,
      bull,
      queues,
      workflows,
      log,
      metrics,
      clock,
      async close() {
        await Promise.allSettled([flows.close(), ...[...queues.values()].map((queue) => queue.close())]);
        await connections.close();
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
}
