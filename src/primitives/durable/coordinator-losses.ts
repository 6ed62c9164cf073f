import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';

/**
 * KEYS 1 run 2 results 3 errors 4 decisions 5 effects 6 lock of a rollback
 * What is recorded of a run only grows (what is undone is marked), so whoever loses its run job again and again gets
 * somewhere, or is counted. Returns how often it was lost without anything new since; 0 when the run has ended, or is
 * being rolled back at this moment.
 */
const NOTE_LOSS = defineScript(
  'note-coordinator-loss',
  `${LUA_IS_OPEN}
local run = redis.call('HMGET', KEYS[1], 'status', 'ending', 'resumes', 'lost_at')
if not run[1] or not is_open(run[1]) then return 0 end
if redis.call('EXISTS', KEYS[6]) == 1 then return 0 end
local recorded = redis.call('HLEN', KEYS[2]) + redis.call('HLEN', KEYS[3]) + redis.call('HLEN', KEYS[4])
  + redis.call('HLEN', KEYS[5])
local at = recorded .. ' ' .. (run[3] or '0') .. (run[2] and ' ending' or '')
if run[4] ~= at then
  redis.call('HSET', KEYS[1], 'lost_at', at, 'losses', 1)
  return 1
end
return redis.call('HINCRBY', KEYS[1], 'losses', 1)
`,
);

/** Note that the run job of an open run had failed or was gone, and had to be brought back. One round trip. */
export async function noteCoordinatorLoss(store: RedisStore, runId: string): Promise<number> {
  const { keys } = store;
  const scoped = [
    keys.run(runId),
    keys.runResults(runId),
    keys.runErrors(runId),
    keys.runDecisions(runId),
    keys.runEffects(runId),
    keys.runRollback(runId),
  ];
  return Number(await run(store, NOTE_LOSS, scoped, []));
}
