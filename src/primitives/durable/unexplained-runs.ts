import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';

/** A run counts as unexplained for so long after it was found so; the watchdog looks more often than this. */
export const UNEXPLAINED_FOR_MS = 60_000;

/**
 * KEYS 1 run 2 unexplained · ARGV 1 now 2 run id 3 how long it counts
 * Returns how often this run was found so, or 0 when there is no such run.
 */
const NOTE_UNEXPLAINED = defineScript(
  'note-unexplained',
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1] - ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return redis.call('HINCRBY', KEYS[1], 'unexplained', 1)
`,
);

/** Note an open run for which no reason was found. Returns how often that has happened to it. One round trip. */
export async function noteUnexplained(store: RedisStore, runId: string, nowMs: number): Promise<number> {
  const keys = [store.keys.run(runId), store.keys.unexplained()];
  return Number(await run(store, NOTE_UNEXPLAINED, keys, [nowMs, runId, UNEXPLAINED_FOR_MS]));
}

/** How many runs were found without a reason within the last minute. */
export async function countUnexplained(store: RedisStore, nowMs: number): Promise<number> {
  return store.redis.zcount(store.keys.unexplained(), nowMs - UNEXPLAINED_FOR_MS, '+inf');
}
