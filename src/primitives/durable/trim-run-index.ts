import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';

/** Records outlive their runs by the retention; what was admitted so long before that is hardly open any more. */
const OPEN_SECONDS = 7200;
const TRIM_BATCH = 500;
const MOST_TRIMS = 20;

/**
 * KEYS  1 index  2 prefix of run keys
 * ARGV  1 admitted before  2 passed over  3 looked at, at most
 * Returns {looked at, removed}.
 */
const TRIM_INDEX = defineScript(
  'trim-index',
  `
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', ARGV[2], ARGV[3])
local gone = {}
for _, id in ipairs(old) do
  if redis.call('EXISTS', KEYS[2] .. id) == 0 then gone[#gone + 1] = id end
end
if #gone > 0 then redis.call('ZREM', KEYS[1], unpack(gone)) end
return {#old, #gone}
`,
);

/**
 * Take runs whose records have expired out of the index. A round trip for each 500 old entries, at most 20; runs that
 * are still there (open for very long, or resumed) are passed over.
 * @returns how many were removed
 */
export async function trimRunIndex(
  store: RedisStore,
  options: { nowMs: number; retentionSeconds: number },
): Promise<number> {
  const before = options.nowMs - (options.retentionSeconds + OPEN_SECONDS) * 1000;
  let kept = 0;
  let removed = 0;
  for (let trims = 0; trims < MOST_TRIMS; trims++) {
    const [looked, gone] = (await run(
      store,
      TRIM_INDEX,
      [store.keys.runIndex(), store.keys.run('')],
      [before, kept, TRIM_BATCH],
    )) as [number, number];
    removed += gone;
    kept += looked - gone;
    if (looked < TRIM_BATCH) break;
  }
  return removed;
}
