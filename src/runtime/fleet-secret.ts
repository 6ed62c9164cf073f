import { randomBytes } from 'node:crypto';
import { toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';

/**
 * Made once per fleet and kept in Redis: every process reads the cursors of every other, and names players alike.
 * Errors: backend_unavailable
 */
export async function fleetSecret({ redis, keys }: RedisStore): Promise<Buffer> {
  const key = keys.cursorSecret();
  try {
    await redis.set(key, randomBytes(32).toString('base64'), 'NX');
    return Buffer.from((await redis.get(key)) ?? '', 'base64');
  } catch (error) {
    throw toBackendError(error, 'reading the cursor secret');
  }
}
