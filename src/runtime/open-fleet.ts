import type { Config } from '../../config/schema.ts';
import type { AgentOperations } from '../coordination/agents/operations.ts';
import type { FleetOperations } from '../contracts/operations.ts';
import { createMetrics } from '../observability/metrics.ts';
import { operateFleet } from './operate-fleet.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { readRedisFacts, type RedisFacts } from './redis-facts.ts';
import { requireRedisUrl } from './redis-url.ts';
import { VERSION } from './version.ts';

/** A fleet reached directly at its Redis. */
export interface OpenFleet {
  readonly operations: FleetOperations & AgentOperations;
  readonly queues: readonly string[];
  redisInfo(): Promise<RedisFacts>;
  close(): Promise<void>;
}

/** Errors: redis_not_configured, redis_unavailable (both unavailable). */
export async function openFleet(config: Config): Promise<OpenFleet> {
  const redisUrl = requireRedisUrl(config);
  const fleet = await operateFleet({
    config,
    redisUrl,
    log: createFleetLog(config, 'cli', instanceName()),
    metrics: createMetrics({ role: 'cli', version: VERSION }),
    pins: 'look',
  });
  return {
    operations: fleet.operations,
    queues: [...fleet.core.queues.keys()],
    redisInfo: () => readRedisFacts(fleet.core.store.redis, redisUrl),
    close: () => fleet.close(),
  };
}
