import type { Intervention } from '../../contracts/intervention.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import type { InterventionStoreOptions } from '../interventions/options.ts';
import { fieldsOf, tryParse } from '../interventions/record.ts';
import { LUA_SIDE_WRITES, sideArgument, sideKeys } from '../record/side-writes.ts';

/** Stands where a player's hash was. */
export const FORGOTTEN_USER = 'forgotten';

export interface ForgottenUser {
  /** Whether anything was remembered of the player. */
  readonly wasKnown: boolean;
  /** Closed interventions that no longer name the player. */
  readonly detached: number;
  /** Interventions on which people still work; they keep the hash until they are closed. */
  readonly open: number;
}

/**
 * KEYS  1 player  2 audit  3 events  4 counters of the hour
 * ARGV  1 side writes
 * Returns 1 when something was remembered.
 */
const FORGET_USER = defineScript(
  'forget-user',
  `${LUA_SIDE_WRITES}
local known = redis.call('UNLINK', KEYS[1])
write_beside(ARGV[1])
return known
`,
);

/**
 * KEYS  1 record
 * ARGV  1 version it is based on  2… fields
 * Returns 1, or 0 when somebody was faster or it is gone. When it expires stays as it is.
 */
export const REWRITE_RECORD = defineScript(
  'rewrite-safety-record',
  `
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
`,
);

const BATCH = 200;

/** Errors: backend_unavailable; safe to repeat. */
export async function forgetUser(
  { store, clock, settings }: InterventionStoreOptions,
  userHash: string,
  actor: string,
): Promise<ForgottenUser> {
  const { redis, keys } = store;
  const atMs = clock.now();
  const side = { atMs, audit: [{ event: 'user.forgotten', actor }], events: [], counts: {} };
  const known = await runScript(
    redis,
    FORGET_USER,
    [keys.safetyUser(userHash), ...sideKeys(keys, atMs)],
    [sideArgument(side, settings.retention_days.audit)],
  );
  const open = (await ofUser(store, keys.safetyInterventions(), userHash)).length;
  let detached = 0;
  for (const id of await ofUser(store, keys.safetyClosedInterventions(), userHash)) {
    if (await rewrite(store, id, (now) => ({ ...now, user_hash: FORGOTTEN_USER }))) detached += 1;
  }
  return { wasKnown: known === 1, detached, open };
}

/** Write an intervention anew without a transition, for what must no longer stand in it. @returns false when unreadable */
export async function rewrite(
  { redis, keys }: InterventionStoreOptions['store'],
  id: string,
  anew: (now: Intervention) => Intervention,
): Promise<boolean> {
  const key = keys.safetyIntervention(id);
  for (;;) {
    const data = await redis.hget(key, 'data');
    const now = tryParse(id, data);
    if (now === null) return false;
    const next = { ...anew(now), version: now.version + 1 };
    const done = await runScript(redis, REWRITE_RECORD, [key], [now.version, ...fieldsOf(next)]);
    if (done === 1) return true;
    // Gone, or its version stands elsewhere than in its data: nothing that trying again would change.
    if ((await redis.hget(key, 'data')) === data) return false;
  }
}

async function ofUser(
  { redis, keys }: InterventionStoreOptions['store'],
  index: string,
  userHash: string,
): Promise<string[]> {
  const found: string[] = [];
  try {
    const ids = await redis.zrange(index, '0', '-1');
    for (let i = 0; i < ids.length; i += BATCH) {
      const some = ids.slice(i, i + BATCH);
      const pipeline = redis.pipeline();
      for (const id of some) pipeline.hget(keys.safetyIntervention(id), 'user_hash');
      const replies = (await pipeline.exec()) ?? [];
      for (const [j, id] of some.entries()) if (replies[j]?.[1] === userHash) found.push(id);
    }
    return found;
  } catch (error) {
    throw toBackendError(error, 'looking for the interventions of a player');
  }
}
