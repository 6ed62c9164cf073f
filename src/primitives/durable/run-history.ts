import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

/** Entries that are kept of one run. */
export const HISTORY_KEPT = 1000;

/** Adds to what is known of a run beside its record: rollbacks, early warnings, repairs. The newest is in front. */
export const LUA_NOTE_HISTORY = `
local function note_history(history_key, entry, seconds)
  redis.call('LPUSH', history_key, entry)
  redis.call('LTRIM', history_key, 0, ${HISTORY_KEPT - 1})
  redis.call('EXPIRE', history_key, seconds)
end
`;

/** The same from outside a script. One round trip. */
export async function noteHistory(
  store: RedisStore,
  note: { readonly runId: string; readonly entry: unknown; readonly keepSeconds: number },
): Promise<void> {
  const key = store.keys.runRollbacks(note.runId);
  try {
    await store.redis
      .multi()
      .lpush(key, JSON.stringify(note.entry))
      .ltrim(key, 0, HISTORY_KEPT - 1)
      .expire(key, note.keepSeconds)
      .exec();
  } catch (error) {
    throw toBackendError(error, 'noting what happened to a run');
  }
}
