import type { Intervention } from '../../contracts/intervention.ts';
import { FleetError } from '../../kernel/errors.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import { isSessionPseudonym, sessionPseudonym } from '../pseudonyms.ts';
import { LUA_SIDE_WRITES, sideArgument, sideKeys, type SideWrites } from '../record/side-writes.ts';
import { MAX_ACTIONS } from './evolve.ts';
import { heldBeside, isOverdue } from './hold.ts';
import { DAY_SECONDS, type InterventionStoreOptions } from './options.ts';
import { fieldsOf, interventionNotFound, parseIntervention } from './record.ts';
import { assertWay, isClosed, isPerson } from './states.ts';

const MAX_TRIES = 50;

/**
 * Put the next version of an intervention in the place of the one it is based on.
 *
 * KEYS  1 intervention  2 interventions that are open  3 those that are closed  4 session  5 audit  6 events  7 counters
 *       of the hour
 * ARGV  1 version it is based on  2 id  3 user hash  4 closes (1 or 0)  5 moment it began  6 seconds a closed one is kept
 *       7 oldest moment of closed ones  8 seconds a session is kept  9 holds the session (1 or 0)  10 now  11 why it is
 *       held  12 count of fields of the record  13… those fields  then side writes, and those of a new hold
 * Returns 1, or 0 when somebody was faster, -1 when it is gone.
 */
const CHANGE_INTERVENTION = defineScript(
  'change-intervention',
  `${LUA_SIDE_WRITES}
local version = redis.call('HGET', KEYS[1], 'version')
if not version then return -1 end
if version ~= ARGV[1] then return 0 end
local fields = tonumber(ARGV[12])
redis.call('HSET', KEYS[1], unpack(ARGV, 13, 12 + fields))
local newly_held = false
if ARGV[9] == '1' then
  newly_held = redis.call('HSETNX', KEYS[4], 'held_since', ARGV[10]) == 1
  if newly_held then redis.call('HSET', KEYS[4], 'held_because', ARGV[11]) end
  redis.call('PERSIST', KEYS[4])
end
if ARGV[4] == '1' then
  redis.call('ZREM', KEYS[2], ARGV[2])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[7])
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  if redis.call('HGET', KEYS[4], 'open:' .. ARGV[3]) == ARGV[2] then
    redis.call('HDEL', KEYS[4], 'open:' .. ARGV[3])
  end
  local stays = redis.call('HEXISTS', KEYS[4], 'held_since') == 1
  for _, field in ipairs(redis.call('HKEYS', KEYS[4])) do
    if string.sub(field, 1, 5) == 'open:' then stays = true end
  end
  if not stays then redis.call('EXPIRE', KEYS[4], ARGV[8]) end
end
write_beside(ARGV[#ARGV - 1])
if newly_held then write_beside(ARGV[#ARGV]) end
return 1
`,
);

export interface ChangeAbout {
  readonly actor: string;
  /** A few words for the audit, for example `acknowledged`. */
  readonly what: string;
}

/** As `InterventionStore.change` promises. */
export async function changeIntervention(
  options: InterventionStoreOptions,
  id: string,
  change: (now: Intervention) => Intervention | null,
  about: ChangeAbout,
): Promise<Intervention> {
  for (let tried = 0; tried < MAX_TRIES; tried++) {
    const now = await getIntervention(options, id);
    if (now === null) throw interventionNotFound(id);
    const wanted = change(now);
    if (wanted === null) return now;
    assertWay(now, wanted.state, about.actor);
    const next = completed(now, wanted, options.clock.now());
    const outcome = await put(options, now, next, about);
    if (outcome === 1) return next;
    if (outcome === -1) throw interventionNotFound(id);
  }
  throw new FleetError({
    code: 'intervention_busy',
    kind: 'conflict',
    message: `others changed intervention "${id}" ${MAX_TRIES} times in a row; nothing was written`,
  });
}

/** Errors: backend_unavailable, intervention_invalid. */
export async function getIntervention(
  { store }: Pick<InterventionStoreOptions, 'store'>,
  id: string,
): Promise<Intervention | null> {
  let data: string | null;
  try {
    data = await store.redis.hget(store.keys.safetyIntervention(id), 'data');
    if (data === null && (await store.redis.exists(store.keys.safetyIntervention(id))) === 0) return null;
  } catch (error) {
    throw toBackendError(error, 'reading an intervention');
  }
  return parseIntervention(id, data);
}

/** Whose it is and when it began does not change, whatever `change` says. */
function completed(now: Intervention, wanted: Intervention, nowMs: number): Intervention {
  return {
    ...wanted,
    actions: wanted.actions.slice(-MAX_ACTIONS),
    intervention_id: now.intervention_id,
    version: now.version + 1,
    session_id: now.session_id,
    user_hash: now.user_hash,
    created_at: now.created_at,
    updated_at: new Date(nowMs).toISOString(),
    resolved_at: isClosed(wanted.state) ? (wanted.resolved_at ?? new Date(nowMs).toISOString()) : null,
  };
}

async function put(
  { store, clock, settings }: InterventionStoreOptions,
  now: Intervention,
  next: Intervention,
  about: ChangeAbout,
): Promise<number> {
  const { keys } = store;
  const nowMs = clock.now();
  const days = settings.retention_days;
  // Of a session that was deleted nothing is written again.
  const holds =
    !isSessionPseudonym(now.session_id) &&
    isOverdue(now, settings, nowMs) &&
    isOverdue(now, settings, nowMs, await releasedAt(store, now.session_id));
  const reason = 'nobody took a critical intervention in time';
  const fields = fieldsOf(next);
  const outcome = await runScript(
    store.redis,
    CHANGE_INTERVENTION,
    [
      keys.safetyIntervention(next.intervention_id),
      keys.safetyInterventions(),
      keys.safetyClosedInterventions(),
      keys.safetySession(next.session_id),
      ...sideKeys(keys, nowMs),
    ],
    [
      now.version,
      next.intervention_id,
      next.user_hash,
      isClosed(next.state) ? 1 : 0,
      Date.parse(next.created_at),
      days.intervention * DAY_SECONDS,
      nowMs - days.intervention * DAY_SECONDS * 1000,
      days.user * DAY_SECONDS,
      holds ? 1 : 0,
      nowMs,
      reason,
      fields.length,
      ...fields,
      sideArgument(besideChange(now, next, about, nowMs), days.audit),
      sideArgument(
        { atMs: nowMs, ...heldBeside(next.session_id, reason, 'system'), counts: { held: 1 } },
        days.audit,
      ),
    ],
  );
  return outcome as number;
}

async function releasedAt(
  { redis, keys }: InterventionStoreOptions['store'],
  sessionId: string,
): Promise<number> {
  try {
    return Number((await redis.hget(keys.safetySession(sessionId), 'released_at')) ?? 0);
  } catch (error) {
    throw toBackendError(error, 'reading a session of safety');
  }
}

function besideChange(
  now: Intervention,
  next: Intervention,
  { actor, what }: ChangeAbout,
  atMs: number,
): SideWrites {
  const closes = isClosed(next.state);
  const counts: Record<string, number> = {};
  for (const { action_type: type, success, metadata } of next.actions.slice(now.actions.length)) {
    // What nobody tried is neither a success nor a failure.
    if (metadata?.['skipped'] === true) continue;
    const field = `action:${type}:${success ? 'ok' : 'failed'}`;
    counts[field] = (counts[field] ?? 0) + 1;
  }
  if (closes) counts[`closed:${next.state}`] = 1;
  if (closes && !isPerson(actor)) counts['closed:machine'] = 1;
  return {
    atMs,
    audit: [
      {
        event: 'intervention.changed',
        actor,
        what,
        intervention_id: next.intervention_id,
        session_id: sessionPseudonym(next.session_id),
        user_hash: next.user_hash,
        level: next.assessment.crisis_level,
        from: now.state,
        to: next.state,
        version: next.version,
      },
    ],
    events: [
      {
        type: 'safety.intervention.updated',
        intervention_id: next.intervention_id,
        session_id: next.session_id,
        level: next.assessment.crisis_level,
        from: now.state,
        state: next.state,
        what,
        round: next.escalation_round,
      },
    ],
    counts,
  };
}
