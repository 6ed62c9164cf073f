import { toIso } from '../kernel/clock.ts';
import { toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import type { SafetyEvent } from './escalations/escalation-store.ts';

const MAX_ENTRIES = 10_000;

/** An event that no change of a record carries. An alert is shown on the console too. Errors: backend_unavailable. */
export async function addEvent(
  { redis, keys }: RedisStore,
  event: SafetyEvent,
  nowMs: number,
): Promise<void> {
  const at = toIso(nowMs);
  const data = JSON.stringify(event.data);
  const cut = ['MAXLEN', '~', MAX_ENTRIES, '*'] as const;
  try {
    await redis.xadd(keys.safetyEvents(), ...cut, 'type', event.type, 'at', at, 'data', data);
    if (event.type === 'safety.alert') {
      await redis.xadd(keys.safetyAlerts(), ...cut, 'kind', 'alert', 'at', at, 'data', data);
    }
  } catch (error) {
    throw toBackendError(error, 'telling of safety');
  }
}
