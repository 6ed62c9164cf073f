import { FleetError } from '../../kernel/errors.ts';
import type { RedisStore } from '../../redis/store.ts';
import { toBackendError } from '../../redis/script.ts';
import type { TimerClock } from '../in-process/timer-clock.ts';

export interface RedisTierOptions {
  readonly store: RedisStore;
  readonly clock: TimerClock;
  /** How long a call may wait for Redis before it goes on without. */
  readonly limitMs: number;
}

export interface Remembered {
  readonly text: string;
  /** What is left of its life in Redis, the time it may only stand in for a failure included. */
  readonly remainingMs: number;
}

const SCAN_COUNT = 500;

/** Entries that several processes share. Reading and writing reject after `limitMs`; a call then goes on without. */
export class RedisTier {
  readonly #options: RedisTierOptions;

  constructor(options: RedisTierOptions) {
    this.#options = options;
  }

  async read(key: string): Promise<Remembered | null> {
    const replies = await this.#within(this.#options.store.redis.pipeline().get(key).pttl(key).exec());
    const [text, remainingMs] = (replies ?? []).map(([error, reply]) => {
      if (error !== null) throw error;
      return reply;
    });
    // Whole or not at all: it may have ended between the two commands, and one without an end is not ours.
    if (typeof text !== 'string' || typeof remainingMs !== 'number' || remainingMs <= 0) return null;
    return { text, remainingMs };
  }

  async write(key: string, text: string, lifeMs: number): Promise<void> {
    await this.#within(this.#options.store.redis.set(key, text, 'PX', Math.ceil(lifeMs)));
  }

  /** Errors: backend_unavailable; nobody may believe something forgotten that is not. */
  async delete(key: string): Promise<boolean> {
    try {
      return (await this.#options.store.redis.unlink(key)) > 0;
    } catch (error) {
      throw toBackendError(error, 'cache delete');
    }
  }

  /**
   * Forget every key that begins so.
   * Errors: backend_unavailable
   */
  async deleteAll(prefix: string): Promise<void> {
    const { redis } = this.#options.store;
    const pattern = `${prefix.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}*`;
    try {
      let cursor = '0';
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
        if (keys.length > 0) await redis.unlink(...keys);
        cursor = next;
      } while (cursor !== '0');
    } catch (error) {
      throw toBackendError(error, 'cache clear');
    }
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const { clock, limitMs } = this.#options;
    const tooSlow = Promise.withResolvers<never>();
    work.catch(() => undefined); // it may fail after nobody waits for it any more
    const takeBack = clock.after(limitMs, () =>
      tooSlow.reject(
        new FleetError({
          code: 'backend_unavailable',
          kind: 'unavailable',
          message: `Redis did not answer within ${limitMs} ms (cache)`,
        }),
      ),
    );
    try {
      return await Promise.race([work, tooSlow.promise]);
    } finally {
      takeBack();
    }
  }
}
