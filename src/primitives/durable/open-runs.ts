import { defineScript } from '../../redis/script.ts';
import { run } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';

/**
 * Open runs are looked at one after another, so the more there are the rarer is the turn of each: it comes after this
 * many milliseconds per open run. A watchdog manages twice as many, so that whatever is due for a reason of its own
 * (a deadline, above all) is never behind a crowd.
 */
export const LOOK_EVERY_MS_PER_OPEN_RUN = 40;

/** Open runs whose check is due, the longest due first. */
export async function dueRuns(store: RedisStore, nowMs: number, limit: number): Promise<string[]> {
  return store.redis.zrangebyscore(store.keys.deadlines(), '-inf', nowMs, 'LIMIT', 0, limit);
}

/** Look at an open run again at `atMs`; a run that has ended meanwhile stays out. */
export async function checkRunAt(store: RedisStore, runId: string, atMs: number): Promise<void> {
  await store.redis.zadd(store.keys.deadlines(), 'XX', atMs, runId);
}

/** Look at an open run at `atMs` at the latest. */
export async function checkRunBy(store: RedisStore, runId: string, atMs: number): Promise<void> {
  await store.redis.zadd(store.keys.deadlines(), 'XX', 'LT', atMs, runId);
}

export async function forgetRun(store: RedisStore, runId: string): Promise<void> {
  await store.redis.zrem(store.keys.deadlines(), runId);
}

export async function countOpenRuns(store: RedisStore): Promise<number> {
  return store.redis.zcard(store.keys.deadlines());
}

/** KEYS 1 run · counts only for a run that is open. Returns the new generation or 0. */
const NEXT_GENERATION = defineScript(
  'next-generation',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status or not is_open(status) then return 0 end
return redis.call('HINCRBY', KEYS[1], 'generation', 1)
`,
);

/** Step jobs that are added again get fresh ids, because an id that has failed would never wake its parent. */
export async function nextGeneration(store: RedisStore, runId: string): Promise<number> {
  return Number(await run(store, NEXT_GENERATION, [store.keys.run(runId)], []));
}
