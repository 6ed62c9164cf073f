import { toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import { readEntry, type OutboxEntry } from './outbox-entry.ts';

/** The oldest entries, in the order in which the worlds were written. Errors: backend_unavailable. */
export async function readOutbox(store: RedisStore, count: number): Promise<OutboxEntry[]> {
  try {
    const entries = await store.redis.xrange(store.keys.worldOutbox(), '-', '+', 'COUNT', count);
    return entries.map(([id, list]) => readEntry(id, fieldsOf(list)));
  } catch (error) {
    throw toBackendError(error, 'reading the outbox of worlds');
  }
}

/** Only what was applied is taken away. Errors: backend_unavailable. */
export async function removeFromOutbox(store: RedisStore, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    await store.redis.xdel(store.keys.worldOutbox(), ...ids);
  } catch (error) {
    throw toBackendError(error, 'taking entries out of the outbox of worlds');
  }
}

function fieldsOf(list: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < list.length; i += 2) fields[list[i]!] = list[i + 1]!;
  return fields;
}
