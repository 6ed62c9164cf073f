import type { Config } from '../../config/schema.ts';
import { openMigration, type Migration } from '../coordination/migration/migration.ts';
import { createFleetLog, instanceName } from './fleet-log.ts';
import { messagingOptions } from './coordination-settings.ts';
import { requireRedisUrl } from './redis-url.ts';

/**
 * Messages of the original at the Redis of a fleet, and the mailboxes of that fleet.
 * @param from  key prefix of the original; default: that of the fleet
 * Errors: redis_not_configured (unavailable), validation (invalid_input)
 */
export function openFleetMigration(config: Config, from?: string): Migration {
  // What the command did, it says itself.
  const logged: Config = { ...config, log: { ...config.log, level: 'error' } };
  return openMigration({
    connection: requireRedisUrl(config),
    keyPrefix: config.redis.key_prefix,
    messaging: messagingOptions(config),
    logger: createFleetLog(logged, 'cli', instanceName()),
    ...(from === undefined ? {} : { from }),
  });
}
