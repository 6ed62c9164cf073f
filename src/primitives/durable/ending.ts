import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';
import type { Ending } from './run-record.ts';

/** KEYS 1 run 2 cancel channel · ARGV 1 run id 2 ending. Returns 1 when it begins to end. */
const BEGIN_ENDING = defineScript(
  'begin-ending',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status or not is_open(status) then return 0 end
if redis.call('HSETNX', KEYS[1], 'ending', ARGV[2]) == 0 then return 0 end
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1
`,
);

/**
 * Mark a run as one that must end, and tell the workers that are busy with it. The first reason stands.
 * @returns false when it has ended, or somebody else ends it already. One round trip.
 */
export async function beginEnding(store: RedisStore, runId: string, ending: Ending): Promise<boolean> {
  const begins = await run(
    store,
    BEGIN_ENDING,
    [store.keys.run(runId), store.keys.cancelled()],
    [runId, JSON.stringify(ending)],
  );
  return begins === 1;
}
