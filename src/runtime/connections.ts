import type { Config } from '../../config/schema.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { closeRedis, connectRedis, type OutageBehaviour, type RedisClient } from '../redis/connect.ts';

/** Opens the connections of a process and closes them all at the end. */
export interface Connections {
  open(purpose: string, options: { onOutage: OutageBehaviour }): Promise<RedisClient>;
  close(): Promise<void>;
  /** Drop them at once; commands that still wait for Redis are refused. */
  abandon(): void;
}

export function createConnections(
  config: Config,
  url: string,
  about: { log: Logger; metrics?: Metrics },
): Connections {
  const opened: RedisClient[] = [];
  let closing = false;
  return {
    async open(purpose, options) {
      const client = await connectRedis({
        url,
        name: `${config.redis.key_prefix}:${purpose}`,
        onOutage: options.onOutage,
        connectTimeoutMs: config.redis.connect_timeout * 1000,
        onState: (state, error) => {
          about.metrics?.redis_up.set({ connection: purpose }, state === 'up' ? 1 : 0);
          if (state === 'reconnecting') about.metrics?.redis_reconnects_total.inc({ connection: purpose });
          if (state === 'down' && !closing) {
            about.log.warn({ connection: purpose, reason: error?.message }, 'redis connection is down');
          }
        },
      });
      opened.push(client);
      return client;
    },
    async close() {
      closing = true;
      await Promise.all(opened.map(closeRedis));
    },
    abandon() {
      closing = true;
      for (const client of opened) client.disconnect();
    },
  };
}
