import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';

/** So many runs are looked at in one call; while it lasts, Redis does nothing else. */
const BATCH = 500;

/**
 * KEYS  1 index of all runs  2 deadlines  3 state of the rounds  4 prefix of run keys
 * ARGV  1 now  2 how many are looked at  3 put them back (1 or 0)  4 begins at the newest (1) or goes on (0)
 *       5 run to begin after ('' = the newest)
 * Returns {last one looked at ('' = the end was reached), open runs without a check…}.
 */
const FIND_UNWATCHED = defineScript(
  'find-unwatched',
  `${LUA_IS_OPEN}
local rank = ARGV[5] ~= '' and redis.call('ZREVRANK', KEYS[1], ARGV[5])
local from = rank and rank + 1 or 0
local ids = redis.call('ZREVRANGE', KEYS[1], from, from + ARGV[2] - 1)
local found = {#ids < tonumber(ARGV[2]) and '' or ids[#ids]}
for _, id in ipairs(ids) do
  local status = redis.call('HGET', KEYS[4] .. id, 'status')
  if status and is_open(status) and not redis.call('ZSCORE', KEYS[2], id) then
    found[#found + 1] = id
    if ARGV[3] == '1' then redis.call('ZADD', KEYS[2], ARGV[1], id) end
  end
end
if ARGV[4] == '1' then redis.call('HSET', KEYS[3], 'after', found[1]) end
return found
`,
);

/**
 * Open runs that the watchdog does not know, newest first. With `repair` they are put back, due now.
 * Redis: a round trip for each 500 entries of the index.
 *
 * @param after  the run to go on after; '' = from the newest
 * @returns `after` '' when the oldest was reached
 */
export async function findUnwatched(
  store: RedisStore,
  walk: {
    readonly after: string;
    readonly batches: number;
    readonly repair: boolean;
    /** Keep where the walk is, for the next round. */
    readonly keepsPlace: boolean;
    readonly nowMs: number;
  },
): Promise<{ runIds: string[]; after: string }> {
  const { keys } = store;
  const runIds: string[] = [];
  let { after } = walk;
  for (let batch = 0; batch < walk.batches; batch++) {
    const [last, ...found] = (await run(
      store,
      FIND_UNWATCHED,
      [keys.runIndex(), keys.deadlines(), keys.consistency(), keys.run('')],
      [walk.nowMs, BATCH, walk.repair ? 1 : 0, walk.keepsPlace ? 1 : 0, after],
    )) as [string, ...string[]];
    runIds.push(...found);
    after = last;
    if (after === '') break;
  }
  return { runIds, after };
}

/** KEYS 1 run 2 deadlines · ARGV 1 now 2 run id. Returns 1 when it is open and was not there. */
const WATCH_AGAIN = defineScript(
  'watch-again',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status or not is_open(status) then return 0 end
return redis.call('ZADD', KEYS[2], 'NX', ARGV[1], ARGV[2])
`,
);

/** Let the watchdog look at this open run again. One round trip. */
export async function watchAgain(store: RedisStore, runId: string, nowMs: number): Promise<boolean> {
  const { keys } = store;
  return (await run(store, WATCH_AGAIN, [keys.run(runId), keys.deadlines()], [nowMs, runId])) === 1;
}

/** KEYS 1 state of the rounds · ARGV 1 now 2 period. Returns {1, where the last one stopped}, or {0}. */
const TAKE_ROUND = defineScript(
  'take-round',
  `
local state = redis.call('HMGET', KEYS[1], 'at', 'after')
if state[1] and tonumber(ARGV[1]) - tonumber(state[1]) < tonumber(ARGV[2]) then return {0} end
redis.call('HSET', KEYS[1], 'at', ARGV[1])
return {1, state[2] or ''}
`,
);

/** @returns where the round begins; null when another one began less than `everyMs` ago. One round trip. */
export async function takeRound(store: RedisStore, nowMs: number, everyMs: number): Promise<string | null> {
  const [mine, after] = (await run(store, TAKE_ROUND, [store.keys.consistency()], [nowMs, everyMs])) as [
    number,
    string,
  ];
  return mine === 1 ? after : null;
}

/** The next round is due at once. */
export async function makeRoundDue(store: RedisStore): Promise<void> {
  await store.redis.hdel(store.keys.consistency(), 'at');
}
