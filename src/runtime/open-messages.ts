import type { Config } from '../../config/schema.ts';
import type { MessageOperations } from '../coordination/messages/operations.ts';
import { createMetrics } from '../observability/metrics.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { openCoordination } from './open-coordination.ts';
import { messageOperations } from './operations/messages.ts';
import { requireRedisUrl } from './redis-url.ts';
import { VERSION } from './version.ts';

/** The mailboxes at a Redis, and nothing else of a fleet there. */
export interface OpenMessages {
  readonly operations: MessageOperations;
  close(): Promise<void>;
}

/** One connection, made at the first question. Errors: redis_not_configured (unavailable). */
export async function openMessages(config: Config): Promise<OpenMessages> {
  // What a command did, it says itself.
  const logged: Config = { ...config, log: { ...config.log, level: 'error' } };
  const coordination = openCoordination({
    config,
    redisUrl: requireRedisUrl(config),
    log: createFleetLog(logged, 'cli', instanceName()),
    metrics: createMetrics({ role: 'cli', version: VERSION }),
  });
  return {
    operations: messageOperations(coordination.coordinator),
    close: () => coordination.close(),
  };
}
