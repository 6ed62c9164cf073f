import type { SafetyLevel, Stage } from '../../contracts/safety.ts';
import { defineScript, runScript } from '../../redis/script.ts';
import { DAY_SECONDS, type InterventionStoreOptions } from '../interventions/options.ts';
import { sessionPseudonym } from '../pseudonyms.ts';
import { LUA_SIDE_WRITES, sideArgument, sideKeys } from '../record/side-writes.ts';

/** What was found of a text that is no crisis; never the text. */
export interface Judgement {
  readonly sessionId: string;
  readonly userHash: string;
  readonly stage: Stage;
  readonly level: SafetyLevel;
  readonly atMs: number;
  readonly text: { readonly hmac: string; readonly length: number; readonly ruleIds: readonly string[] };
  readonly rulesVersion: string;
}

/**
 * KEYS  1 player  2 audit  3 events  4 counters of the hour
 * ARGV  1 counts as a violation (1 or 0)  2 level  3 seconds the player is kept  4 session that stands for the player, ''
 *       where there is a player  5 side writes
 */
const RECORD_JUDGEMENT = defineScript(
  'record-judgement',
  `${LUA_SIDE_WRITES}
if ARGV[1] == '1' then
  redis.call('HINCRBY', KEYS[1], 'violations', 1)
  redis.call('HSET', KEYS[1], 'last_level', ARGV[2])
  if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'session_id', ARGV[4]) end
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
write_beside(ARGV[5])
return 1
`,
);

/**
 * A player's text that was not safe counts as one of theirs; what the narrator wrote does not. Audited in any case.
 * Errors: backend_unavailable. One round trip.
 */
export async function recordJudgement(
  { store, settings, pseudonyms }: InterventionStoreOptions,
  { sessionId, userHash, stage, level, atMs, text, rulesVersion }: Judgement,
): Promise<void> {
  const { keys } = store;
  const isOwn = stage === 'input' && level !== 'safe';
  const isAnonymous = pseudonyms.userHash(null, sessionId) === userHash;
  const audit = {
    event: 'text.judged',
    actor: stage === 'input' ? 'player' : 'system:narrator',
    stage,
    session_id: sessionPseudonym(sessionId),
    user_hash: userHash,
    text_hmac: text.hmac,
    length: text.length,
    level,
    rule_ids: text.ruleIds.join(','),
    rules_version: rulesVersion,
  };
  await runScript(
    store.redis,
    RECORD_JUDGEMENT,
    [keys.safetyUser(userHash), ...sideKeys(keys, atMs)],
    [
      isOwn ? 1 : 0,
      level,
      settings.retention_days.user * DAY_SECONDS,
      isAnonymous ? sessionId : '',
      sideArgument({ atMs, audit: [audit], events: [], counts: {} }, settings.retention_days.audit),
    ],
  );
}
