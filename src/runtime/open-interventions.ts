import { Intervention } from '../contracts/intervention.ts';
import type { Clock } from '../kernel/clock.ts';
import { toIso } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { defineScript, runScript, toBackendError } from '../redis/script.ts';
import type { RedisStore } from '../redis/store.ts';
import type { InterventionStore } from '../safety/ports.ts';

/**
 * KEYS 1 intervention  ARGV 1 expected version  2 next version  3 data
 * Returns 1 when it was written.
 */
const CHANGE_INTERVENTION = defineScript(
  'change-intervention-record',
  `
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
return 1
`,
);

/** What the way to people needs of interventions: to read them, and to say what became of them. */
export type InterventionRecords = Pick<InterventionStore, 'get' | 'change'>;

export function openInterventions({ redis, keys }: RedisStore, clock: Clock): InterventionRecords {
  const get = async (id: string): Promise<Intervention | null> => {
    try {
      const data = await redis.hget(keys.safetyIntervention(id), 'data');
      return data === null ? null : Intervention.parse(JSON.parse(data));
    } catch (error) {
      throw toBackendError(error, 'reading an intervention');
    }
  };
  return {
    get,
    async change(id, change) {
      for (;;) {
        const now = await get(id);
        if (now === null) throw notFound(id);
        const changed = change(now);
        if (changed === null) return now;
        const next = { ...changed, version: now.version + 1, updated_at: toIso(clock.now()) };
        const args = [now.version, next.version, JSON.stringify(next)];
        if ((await runScript(redis, CHANGE_INTERVENTION, [keys.safetyIntervention(id)], args)) === 1)
          return next;
      }
    },
  };
}

function notFound(id: string): FleetError {
  return new FleetError({
    code: 'intervention_not_found',
    kind: 'not_found',
    message: `there is no intervention "${id}"`,
  });
}
