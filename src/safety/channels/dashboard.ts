import { toIso, type Clock } from '../../kernel/clock.ts';
import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { Channel } from './channel.ts';

const TIMEOUT_MS = 5_000;
const MAX_ENTRIES = 10_000;

/** The console of the operators: a stream that `ao safety alerts --follow` shows. It leaves the fleet for nobody. */
export function dashboardChannel(options: { readonly store: RedisStore; readonly clock: Clock }): Channel {
  const { redis, keys } = options.store;
  return {
    name: 'dashboard',
    timeoutMs: TIMEOUT_MS,
    recipient: () => 'console',
    async send(page) {
      try {
        const id = await redis.xadd(
          keys.safetyAlerts(),
          'MAXLEN',
          '~',
          MAX_ENTRIES,
          '*',
          'kind',
          'page',
          'at',
          toIso(options.clock.now()),
          'data',
          JSON.stringify(page.fields),
        );
        return id === null ? {} : { messageId: id };
      } catch (error) {
        throw toBackendError(error, 'telling the console');
      }
    },
  };
}
