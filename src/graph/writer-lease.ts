import { defineScript, runScript } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';

const TAKE = defineScript(
  'take-graph-lease',
  `-- KEYS[1] lease   ARGV[1] ms for which it is held
   local time = redis.call('TIME')
   local now = time[1] * 1000 + math.floor(time[2] / 1000)
   if tonumber(redis.call('HGET', KEYS[1], 'until') or '0') > now then return 0 end
   -- Never smaller than before; the clock makes up for a Redis that lost its data.
   local epoch = math.max(tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0') + 1, now)
   redis.call('HSET', KEYS[1], 'epoch', string.format('%d', epoch), 'until', string.format('%d', now + ARGV[1]))
   return epoch`,
);

const KEEP = defineScript(
  'keep-graph-lease',
  `-- KEYS[1] lease   ARGV[1] epoch   ARGV[2] ms from now, 0 gives it back
   if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
   local time = redis.call('TIME')
   local now = time[1] * 1000 + math.floor(time[2] / 1000)
   redis.call('HSET', KEYS[1], 'until', string.format('%d', now + ARGV[2]))
   return 1`,
);

/**
 * Take the fleet's one right to write the graph. It only spares double work: what a former holder still writes is
 * refused by the graph itself, because each taking has a larger epoch.
 *
 * @returns the epoch, or null while somebody else holds it. Errors: backend_unavailable (unavailable)
 */
export async function takeLease(store: RedisStore, forMs: number): Promise<number | null> {
  const epoch = Number(await runScript(store.redis, TAKE, [store.keys.worldOutboxWriter()], [forMs]));
  return epoch === 0 ? null : epoch;
}

/** @returns whether it was still held by this epoch */
export async function renewLease(store: RedisStore, epoch: number, forMs: number): Promise<boolean> {
  return (await runScript(store.redis, KEEP, [store.keys.worldOutboxWriter()], [epoch, forMs])) === 1;
}

export async function releaseLease(store: RedisStore, epoch: number): Promise<void> {
  await renewLease(store, epoch, 0);
}
