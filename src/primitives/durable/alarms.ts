import type { RedisStore } from '../../redis/store.ts';
import { toBackendError } from '../../redis/script.ts';

const FIELD = 'alarm.';

/** Note with the run which delayed job a scope is waiting behind, so that whoever has news can end the wait. */
export async function rememberAlarm(
  store: RedisStore,
  runId: string,
  scope: string,
  jobId: string,
): Promise<void> {
  await store.redis.hset(store.keys.run(runId), `${FIELD}${scope}`, jobId);
}

/** A scope of a run and the delayed job it waits behind, or waited. */
export interface RememberedAlarm {
  readonly scope: string;
  readonly jobId: string;
}

/** The delayed jobs the run's scopes wait behind; some may be gone. One round trip. */
export async function alarmsOf(store: RedisStore, runId: string): Promise<RememberedAlarm[]> {
  try {
    const record = await store.redis.hgetall(store.keys.run(runId));
    return Object.entries(record).flatMap(([field, jobId]) =>
      field.startsWith(FIELD) ? [{ scope: field.slice(FIELD.length), jobId }] : [],
    );
  } catch (error) {
    throw toBackendError(error, 'reading the alarms of a run');
  }
}
