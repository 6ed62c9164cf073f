import type { RedisClient } from './connect.ts';
import type { Keys } from './keys.ts';

/** A connection together with the key layout of one fleet: what everything that keeps state needs. */
export interface RedisStore {
  readonly redis: RedisClient;
  readonly keys: Keys;
}
