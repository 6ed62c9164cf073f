import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_ACCEPTS, LUA_EMIT } from './lua-parts.ts';

/** A run that has not ended so long after it could begin says that it is still worked on. */
export const FIRST_NOTICE_MS = 1_500;
/** And again each time so much has passed. */
export const NOTICE_EVERY_MS = 5_000;
/** So often at most: a run's stream must keep what happened to its steps. */
const MOST_NOTICES = 60;
/** Timers are early now and then. */
const SLACK_MS = 250;

/**
 * KEYS  1 run  2 events
 * ARGV  1 now  2 step  3 agent  4 pause between two notices  5 most notices
 * Returns 1 while more may be told, 0 when nobody needs to come again.
 */
const NOTE_STILL_WORKING = defineScript(
  'note-still-working',
  `${LUA_ACCEPTS}${LUA_EMIT}
local run = redis.call('HMGET', KEYS[1], 'status', 'ending', 'told_at', 'told', 'progress', 'deadline_at', 'timeout_ms')
if not run[1] or not accepts(run[1]) or run[2] or not run[6] then return 0 end
if tonumber(run[4] or 0) >= tonumber(ARGV[5]) then return 0 end
if run[3] and tonumber(ARGV[1]) - tonumber(run[3]) < tonumber(ARGV[4]) then return 1 end
redis.call('HSET', KEYS[1], 'told_at', ARGV[1], 'told', tonumber(run[4] or 0) + 1)
emit(KEYS[2], 'step.progress', ARGV[1], ARGV[2], ARGV[3], '{"progress":' .. (run[5] or 0) ..
  ',"stage":"delayed","elapsed_ms":' .. (tonumber(ARGV[1]) - tonumber(run[6]) + tonumber(run[7])) .. '}')
return 1
`,
);

export interface StillWorking {
  readonly runId: string;
  readonly path: string;
  readonly agent: string;
  readonly nowMs: number;
}

/**
 * Tell the watchers of a run that one of its steps is still worked on, unless somebody just did.
 * @returns false when there is nothing to tell any more. One round trip.
 */
export async function noteStillWorking(store: RedisStore, notice: StillWorking): Promise<boolean> {
  const { keys } = store;
  const { runId, path, agent, nowMs } = notice;
  const goesOn = await run(
    store,
    NOTE_STILL_WORKING,
    [keys.run(runId), keys.runEvents(runId)],
    [nowMs, path, agent, NOTICE_EVERY_MS - SLACK_MS, MOST_NOTICES],
  );
  return goesOn === 1;
}

/** When the next notice is due, epoch ms. */
export function nextNoticeAt(beganAtMs: number, toldAtMs: number | null): number {
  return toldAtMs === null ? beganAtMs + FIRST_NOTICE_MS : toldAtMs + NOTICE_EVERY_MS;
}
