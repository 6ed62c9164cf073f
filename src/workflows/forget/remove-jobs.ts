import type { Queue } from 'bullmq';
import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { Traces } from './find-traces.ts';

const BATCH = 1000;

/**
 * Take jobs off their queues, whatever state they are in, with what BullMQ's streams tell of them. A job that a worker
 * holds stays where it is.
 *
 * @returns how many stay
 */
export async function removeTracedJobs(
  store: RedisStore,
  queues: ReadonlyMap<string, Queue>,
  jobs: Traces['jobs'],
): Promise<number> {
  let left = 0;
  try {
    for (const [name, ids] of jobs) {
      const queue = queues.get(name);
      if (queue === undefined) continue;
      // Whoever waits for others comes before them: taking off the last of these would wake it.
      for (const id of [...ids].toSorted((a, b) => a.length - b.length)) {
        if ((await queue.remove(id, { removeChildren: false })) !== 1) left += 1;
      }
      await removeEvents(store, queue, ids);
    }
  } catch (error) {
    throw toBackendError(error, 'removing the jobs of a session');
  }
  return left;
}

/** What a job returned, or why it failed, also stands in the stream of its queue. */
async function removeEvents(store: RedisStore, queue: Queue, ids: ReadonlySet<string>): Promise<void> {
  const key = queue.toKey('events');
  let after = '-';
  for (;;) {
    const entries = await store.redis.xrange(key, after, '+', 'COUNT', BATCH);
    const gone = entries.filter(([, flat]) => flat.some((value, i) => i % 2 === 1 && ids.has(value)));
    if (gone.length > 0) await store.redis.xdel(key, ...gone.map(([id]) => id));
    const last = entries.at(-1);
    if (last === undefined || entries.length < BATCH) return;
    after = `(${last[0]}`;
  }
}
