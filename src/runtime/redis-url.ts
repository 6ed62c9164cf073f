import type { Config } from '../../config/schema.ts';
import { FleetError } from '../kernel/errors.ts';

/** Where Redis is. Errors: redis_not_configured (unavailable) */
export function requireRedisUrl(config: Config): string {
  if (config.redis.url !== null) return config.redis.url;
  throw new FleetError({
    code: 'redis_not_configured',
    kind: 'unavailable',
    message: 'no Redis is configured: set redis.url (AO_REDIS__URL), or run `ao dev`, which brings its own',
  });
}
