import { closeRedis, openOwnRedis } from '../redis/connect.ts';
import type { CoordinationCore } from './core.ts';
import { createCoordinationKeys } from './keys.ts';
import {
  guardedMetrics,
  NO_LOGGER,
  NO_METRICS,
  type ConnectionInput,
  type CoordinationPorts,
} from './ports.ts';
import { checkConnection } from './validate.ts';

export interface CoreOptions extends CoordinationPorts {
  readonly connection: ConnectionInput;
  /** Of every key; on Redis Cluster a hash tag. Default `ao`. */
  readonly keyPrefix?: string;
}

export interface OpenedCoordinationCore extends CoordinationCore, AsyncDisposable {
  close(): Promise<void>;
}

/**
 * What registry, router and capabilities stand on when they are used alone. It connects at its first use.
 * Errors: validation (invalid_input)
 */
export function openCoordinationCore(options: CoreOptions): OpenedCoordinationCore {
  const { connection, keyPrefix = 'ao', logger = NO_LOGGER } = options;
  checkConnection(connection);
  const redis = openOwnRedis(connection, `${keyPrefix}:agents`, (error) =>
    logger.debug({ err: error }, 'the connection has an error'),
  );
  const close = (): Promise<void> => closeRedis(redis);
  return {
    redis,
    keys: createCoordinationKeys(keyPrefix),
    metrics: guardedMetrics(options.metrics ?? NO_METRICS, logger),
    logger,
    close,
    [Symbol.asyncDispose]: close,
  };
}
