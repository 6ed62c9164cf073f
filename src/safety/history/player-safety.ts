import type { PlayerSafety } from '../../contracts/intervention.ts';
import { defineScript, runScript } from '../../redis/script.ts';
import { isOverdue } from '../interventions/hold.ts';
import type { InterventionStoreOptions } from '../interventions/options.ts';
import { tryParse } from '../interventions/record.ts';
import { isClosed } from '../interventions/states.ts';

/**
 * KEYS  1 player  2 session
 * ARGV  1 user hash  2 prefix of the keys of interventions
 * Returns violations, crises, moment of the last one, held since, released at, open intervention, its data; '' for none.
 */
const PLAYER_SAFETY = defineScript(
  'player-safety',
  `
local player = redis.call('HMGET', KEYS[1], 'violations', 'crisis_count', 'last_crisis_at')
local session = redis.call('HMGET', KEYS[2], 'held_since', 'released_at', 'open:' .. ARGV[1])
local data = session[3] and redis.call('HGET', ARGV[2] .. session[3], 'data')
return {
  player[1] or '', player[2] or '', player[3] or '', session[1] or '', session[2] or '', session[3] or '', data or ''
}
`,
);

/** What is known of a player before a text is judged. Errors: backend_unavailable. One round trip. */
export async function playerSafety(
  { store, clock, settings, log }: InterventionStoreOptions,
  sessionId: string,
  userHash: string,
): Promise<PlayerSafety> {
  const { keys, redis } = store;
  const [violations, crises, lastAt, heldSince, releasedAt, openId, data] = (await runScript(
    redis,
    PLAYER_SAFETY,
    [keys.safetyUser(userHash), keys.safetySession(sessionId)],
    [userHash, keys.safetyIntervention('')],
  )) as [string, string, string, string, string, string, string];
  const found =
    data === ''
      ? null
      : tryParse(openId, data, (error) =>
          log.error({ err: error, interventionId: openId }, 'an intervention cannot be read'),
        );
  const open = found === null || isClosed(found.state) ? null : found;
  const isLate = open !== null && isOverdue(open, settings, clock.now(), wholeNumber(releasedAt));
  return {
    violations: wholeNumber(violations),
    crisisCount: wholeNumber(crises),
    lastCrisisAtMs: lastAt === '' ? null : wholeNumber(lastAt),
    isHeld: heldSince !== '' || isLate,
    open,
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
