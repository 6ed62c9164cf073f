import { defineScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { START } from '../effects/effect.ts';
import { run } from './journal-store.ts';
import { LUA_EMIT, LUA_IS_OPEN } from './lua-parts.ts';

const KEPT = 1000;

/**
 * KEYS  1 run  2 lock of the rollback  3 history  4 events
 * ARGV  1 now  2 token  3 savepoint  4 outcome (complete | partial)  5 entry  6 seconds the history is kept
 *       7 event data ('' = nothing to tell)
 * Returns 1 when it was this rollback's to finish. A run that has ended becomes rolled_back here when nothing of it is
 * left; one that is about to end does so when it is settled.
 */
const FINISH_ROLLBACK = defineScript(
  'finish-rollback',
  `${LUA_IS_OPEN}${LUA_EMIT}
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('LPUSH', KEYS[3], ARGV[5])
redis.call('LTRIM', KEYS[3], 0, ${KEPT - 1})
redis.call('EXPIRE', KEYS[3], ARGV[6])
local run = redis.call('HMGET', KEYS[1], 'status', 'undone')
if not run[1] then return 1 end
if is_open(run[1]) then redis.call('HSET', KEYS[1], 'rollback_done', 1) end
if ARGV[4] == 'complete' and run[2] then
  redis.call('HSET', KEYS[1], 'rolled_back_to', ARGV[3])
  if ARGV[3] == '${START}' and not is_open(run[1]) then redis.call('HSET', KEYS[1], 'status', 'rolled_back') end
end
if ARGV[7] ~= '' then emit(KEYS[4], 'run.rolled_back', ARGV[1], '', '', ARGV[7]) end
return 1
`,
);

/** End a rollback: its entry in the history, its event, and what the run is from now on. One round trip. */
export async function finishRollback(
  store: RedisStore,
  end: {
    readonly runId: string;
    readonly token: string;
    readonly savepoint: string;
    readonly outcome: 'complete' | 'partial';
    readonly entry: unknown;
    readonly event: unknown;
    readonly keepSeconds: number;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { keys } = store;
  const { runId } = end;
  const finished = await run(
    store,
    FINISH_ROLLBACK,
    [keys.run(runId), keys.runRollback(runId), keys.runRollbacks(runId), keys.runEvents(runId)],
    [
      end.nowMs,
      end.token,
      end.savepoint,
      end.outcome,
      JSON.stringify(end.entry),
      end.keepSeconds,
      end.event === null ? '' : JSON.stringify(end.event),
    ],
  );
  return finished === 1;
}

/** Entries as they were written, newest first. One round trip. */
export async function readRollbacks(store: RedisStore, runId: string): Promise<unknown[]> {
  try {
    const entries = await store.redis.lrange(store.keys.runRollbacks(runId), 0, -1);
    return entries.map((entry) => JSON.parse(entry) as unknown);
  } catch (error) {
    throw toBackendError(error, 'reading how a run was rolled back');
  }
}
