import { defineScript } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';
import { run } from './journal-store.ts';
import { LUA_IS_OPEN } from './lua-parts.ts';

/** KEYS 1 run 2 signals · ARGV 1 name 2 payload. Returns {verdict, status}. The first payload of a name stands. */
const DELIVER_SIGNAL = defineScript(
  'deliver-signal',
  `${LUA_IS_OPEN}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'missing', ''} end
if not is_open(status) then return {'closed', status} end
redis.call('HSET', KEYS[1], 'has_signals', 1)
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 1 then return {'delivered', status} end
return {'taken', status}
`,
);

export interface SignalOutcome {
  readonly verdict: 'delivered' | 'taken' | 'closed' | 'missing';
  readonly status: string;
}

/** Store a payload with its run; it is found there whenever the plan comes to wait for it. One round trip. */
export async function deliverSignal(
  store: RedisStore,
  runId: string,
  name: string,
  payload: unknown,
): Promise<SignalOutcome> {
  const { keys } = store;
  const [verdict, status] = (await run(
    store,
    DELIVER_SIGNAL,
    [keys.run(runId), keys.runSignals(runId)],
    [name, JSON.stringify(payload)],
  )) as [SignalOutcome['verdict'], string];
  return { verdict, status };
}
