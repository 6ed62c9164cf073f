import { randomUUID } from 'node:crypto';
import type { ChannelName } from '../../contracts/escalation.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

/**
 * KEYS 1 lane  ARGV 1 owner  2 ms it is kept on (0 = given back)
 * Returns 1 when it was the owner's.
 */
const KEEP_LANE = defineScript(
  'keep-safety-lane',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`,
);

/** Longer than any single attempt. */
const HELD_MS = 20_000;

/** While a channel has missed pages only one process speaks to it, so that they come once and in order. */
export interface Lane extends AsyncDisposable {
  /** False: it took too long, and somebody else may have it. */
  keep(): Promise<boolean>;
}

/** Of a channel, or of one page. Null while somebody else has it. Errors: backend_unavailable. */
export async function takeLane(store: RedisStore, what: string, heldMs = HELD_MS): Promise<Lane | null> {
  const { redis, keys } = store;
  const key = keys.safetyLane(what);
  const owner = randomUUID();
  try {
    if ((await redis.set(key, owner, 'PX', heldMs, 'NX')) !== 'OK') return null;
  } catch (error) {
    throw toBackendError(error, 'taking the lane of a channel');
  }
  const say = async (ms: number): Promise<boolean> =>
    (await runScript(redis, KEEP_LANE, [key], [owner, ms])) === 1;
  return {
    keep: () => say(heldMs),
    async [Symbol.asyncDispose]() {
      await say(0).catch(() => false); // it lapses by itself
    },
  };
}

export interface MissedEntry {
  readonly page: string;
  readonly atMs: number;
}

/** What a channel has missed, oldest first. */
export async function missedPages(
  { redis, keys }: RedisStore,
  channel: ChannelName,
  limit: number,
): Promise<MissedEntry[]> {
  try {
    const flat = await redis.zrangebyscore(
      keys.safetyMissed(channel),
      '-inf',
      '+inf',
      'WITHSCORES',
      'LIMIT',
      0,
      limit,
    );
    return Array.from({ length: flat.length / 2 }, (_, index) => ({
      page: flat[2 * index]!,
      atMs: Number(flat[2 * index + 1]),
    }));
  } catch (error) {
    throw toBackendError(error, 'reading missed pages');
  }
}
