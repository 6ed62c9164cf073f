import type { RedisClient } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { createRedisAudit } from './audit.ts';
import type { HttpConfig, HttpStores } from './deps.ts';
import { createRedisIdempotency } from './idempotency-store.ts';
import { createRedisRateLimiter } from './rate-limit.ts';

/** The stores of this room over one connection, which should fail fast during an outage. */
export function createRedisStores(
  redis: RedisClient,
  keys: Pick<Keys, 'idempotency' | 'audit' | 'rateLimit'>,
  config: Pick<HttpConfig, 'rate_limits' | 'audit'>,
): HttpStores {
  return {
    idempotency: createRedisIdempotency(redis, (hash) => keys.idempotency(hash)),
    rateLimiter: createRedisRateLimiter(redis, keys.rateLimit(), config.rate_limits),
    audit: createRedisAudit(redis, keys.audit(), config.audit.max_len),
  };
}
