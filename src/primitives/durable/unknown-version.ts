import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';

/** A version that nobody learns within this time ends its runs. */
export const VERSION_PATIENCE_MS = 600_000;

/**
 * KEYS 1 run 2 events · ARGV 1 now
 * Returns {status or 'missing', milliseconds since it was first found so without having moved since}.
 */
const NOTE_UNKNOWN_VERSION = defineScript(
  'note-unknown-version',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'missing', 0} end
if not is_open(status) then return {status, 0} end
local since = tonumber(redis.call('HGET', KEYS[1], 'unknown_since'))
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local moved = newest and tonumber(string.match(newest[1], '^%d+')) or 0
-- A step that was given up for want of its version is no movement.
if newest and string.find(table.concat(newest[2], ' '), 'workflow_version_unavailable', 1, true) then moved = 0 end
if not since or moved > since then
  since = tonumber(ARGV[1])
  redis.call('HSET', KEYS[1], 'unknown_since', ARGV[1])
end
return {status, math.max(0, tonumber(ARGV[1]) - since)}
`,
);

/**
 * Note that somebody wanted to continue a run and does not know its version. Whoever does know it leaves an event
 * with the run, and the time begins anew. One round trip, and none where the version is known.
 */
export async function noteUnknownVersion(
  store: RedisStore,
  runId: string,
  nowMs: number,
): Promise<{ readonly status: string; readonly forMs: number }> {
  const keys = [store.keys.run(runId), store.keys.runEvents(runId)];
  const [status, forMs] = (await run(store, NOTE_UNKNOWN_VERSION, keys, [nowMs])) as [string, number];
  return { status, forMs };
}
