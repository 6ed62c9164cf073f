import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run, sessionKeys } from './journal-store.ts';
import { LUA_HAND_OVER, LUA_IS_OPEN } from './lua-parts.ts';

/**
 * KEYS  1 run  2 session  3 pending list  4 prefix of run keys
 * ARGV  1 now  2 run id
 * Returns the run that holds the session now, or ''.
 */
const HAND_OVER = defineScript(
  'hand-over',
  `${LUA_IS_OPEN}${LUA_HAND_OVER}
if redis.call('EXISTS', KEYS[2]) == 0 then return '' end
local active = redis.call('HGET', KEYS[2], 'active') or ''
if active ~= ARGV[2] or is_open(redis.call('HGET', KEYS[1], 'status')) then return active end
return hand_over(KEYS[2], KEYS[3], KEYS[4], ARGV[2], ARGV[1])
`,
);

/**
 * Take the session from a run that has ended or vanished, should its own hand-over have been cut off. A run that
 * is open, perhaps because somebody has just resumed it, keeps the session.
 * Redis: one round trip.
 *
 * @returns the run whose turn it is now, which must be put on its queues; null when nobody waits
 */
export async function handOverSession(
  store: RedisStore,
  request: { runId: string; sessionId: string; nowMs: number },
): Promise<string | null> {
  const { keys } = store;
  const session = sessionKeys(keys, request.sessionId);
  const active = await run(
    store,
    HAND_OVER,
    [keys.run(request.runId), session.session, session.pending, keys.run('')],
    [request.nowMs, request.runId],
  );
  return active === '' ? null : String(active);
}
