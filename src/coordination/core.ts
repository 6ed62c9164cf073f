import type { RedisClient } from '../redis/connect.ts';
import type { CoordinationKeys } from './keys.ts';
import type { Logger, MetricsSink } from './ports.ts';

/** What every part of coordination stands on: one connection, its keys, and where figures and lines go. */
export interface CoordinationCore {
  /** Refuses commands at once while Redis is away. */
  readonly redis: RedisClient;
  readonly keys: CoordinationKeys;
  /** Never throws. */
  readonly metrics: MetricsSink;
  readonly logger: Logger;
}
