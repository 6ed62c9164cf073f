import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';
import type { Ending } from './run-record.ts';

/** KEYS 1 run 2 cancel channel · ARGV 1 run id 2 ending. Returns the status, or '' when there is no such run. */
const BEGIN_ENDING = defineScript(
  'begin-ending',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return '' end
if is_open(status) and redis.call('HSETNX', KEYS[1], 'ending', ARGV[2]) == 1 then
  redis.call('PUBLISH', KEYS[2], ARGV[1])
end
return status
`,
);

/**
 * Mark a run as one that must end, and tell the workers that are busy with it. The first reason stands.
 * @returns its status before, or null when there is no such run. One round trip.
 */
export async function beginEnding(store: RedisStore, runId: string, ending: Ending): Promise<string | null> {
  const status = await run(
    store,
    BEGIN_ENDING,
    [store.keys.run(runId), store.keys.cancelled()],
    [runId, JSON.stringify(ending)],
  );
  return status === '' ? null : String(status);
}
