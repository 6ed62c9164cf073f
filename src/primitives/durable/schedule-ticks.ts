import { TICK_OUTCOMES, type TickOutcome } from '../../contracts/schedule.ts';
import { RunError } from '../../contracts/run.ts';
import { toBackendError, defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';

/** A run that was claimed and has no record yet is taken for open for so long. */
const STARTING_MS = 60_000;

/**
 * KEYS  1 schedule  2 prefix of run keys
 * ARGV  1 now  2 due at  3 run id  4 skip while the run before is open (1 or 0)  5 how long a claim without a record counts
 * Returns the outcome.
 */
const CLAIM_TICK = defineScript(
  'claim-tick',
  `${LUA_IS_OPEN}
local last = redis.call('HMGET', KEYS[1], 'run_id', 'claimed_at')
if ARGV[4] == '1' and last[1] and last[1] ~= ARGV[3] then
  local status = redis.call('HGET', KEYS[2] .. last[1], 'status')
  local busy = status and is_open(status) or (not status and ARGV[1] - last[2] < tonumber(ARGV[5]))
  if busy then
    redis.call('HSET', KEYS[1], 'at', ARGV[2], 'outcome', 'skipped')
    redis.call('HDEL', KEYS[1], 'error')
    return 'skipped'
  end
end
redis.call('HSET', KEYS[1], 'run_id', ARGV[3], 'claimed_at', ARGV[1], 'at', ARGV[2], 'outcome', 'started')
redis.call('HDEL', KEYS[1], 'error')
return 'started'
`,
);

/**
 * Decide whether a schedule that is due starts its run, and note it as what it did last. The same tick delivered again
 * gets the same run. One round trip.
 */
export async function claimTick(
  store: RedisStore,
  tick: { name: string; runId: string; dueAtMs: number; skipWhileOpen: boolean; nowMs: number },
): Promise<'started' | 'skipped'> {
  const keys = [store.keys.schedule(tick.name), store.keys.run('')];
  const args = [tick.nowMs, tick.dueAtMs, tick.runId, tick.skipWhileOpen ? 1 : 0, STARTING_MS];
  return (await run(store, CLAIM_TICK, keys, args)) as 'started' | 'skipped';
}

/** Note that a schedule was due and could not start its run. */
export async function noteFailedTick(
  store: RedisStore,
  tick: { name: string; dueAtMs: number; error: RunError },
): Promise<void> {
  try {
    const fields = { at: tick.dueAtMs, outcome: 'failed', error: JSON.stringify(tick.error) };
    const key = store.keys.schedule(tick.name);
    await store.redis.hset(key, fields);
  } catch (error) {
    throw toBackendError(error, 'noting a failed tick');
  }
}

export interface LastTick {
  readonly atMs: number;
  readonly outcome: TickOutcome;
  readonly runId: string | undefined;
  readonly error: RunError | undefined;
}

/** What a schedule did last; null before it was due for the first time. */
export async function lastTick(store: RedisStore, name: string): Promise<LastTick | null> {
  try {
    const hash = await store.redis.hgetall(store.keys.schedule(name));
    const outcome = TICK_OUTCOMES.find((known) => known === hash['outcome']);
    if (outcome === undefined) return null;
    return {
      atMs: Number(hash['at']),
      outcome,
      runId: hash['run_id'],
      error: hash['error'] === undefined ? undefined : RunError.parse(JSON.parse(hash['error'])),
    };
  } catch (error) {
    throw toBackendError(error, 'reading what a schedule did');
  }
}

export async function forgetTicks(store: RedisStore, name: string): Promise<void> {
  await store.redis.del(store.keys.schedule(name));
}
