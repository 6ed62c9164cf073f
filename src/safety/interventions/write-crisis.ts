import { createHash } from 'node:crypto';
import type { Intervention } from '../../contracts/intervention.ts';
import { FleetError } from '../../kernel/errors.ts';
import { defineScript, runScript } from '../../redis/script.ts';
import type { Crisis, WrittenCrisis } from '../ports.ts';
import { sessionPseudonym } from '../pseudonyms.ts';
import { LUA_SIDE_WRITES, sideArgument, sideKeys, type SideWrites } from '../record/side-writes.ts';
import { bucketOf } from '../record/stats.ts';
import { addCrisis, beginIntervention } from './evolve.ts';
import { heldBeside, isOverdue } from './hold.ts';
import { DAY_SECONDS, type InterventionStoreOptions } from './options.ts';
import { fieldsOf, tryParse } from './record.ts';
import { isClosed } from './states.ts';

const HOUR_MS = 3_600_000;
const MAX_TRIES = 50;
/** Requests of a session that are remembered; each is a hash of 16 digits, `=`, and the id of its intervention. */
const MAX_REQUESTS = 100;
const REQUEST_WIDTH = 54;
/** Moments of crises that are remembered of a session; more than any threshold. */
const MAX_CRISES = 100;

/**
 * Write a crisis down: everything of it, or nothing.
 *
 * KEYS  1 intervention to write  2 session  3 player  4 interventions that are open  5 what is due  6 audit  7 events
 *       8 counters of the hour
 * ARGV  1 user hash  2 hash of the request  3 intervention id  4 version it is based on (0 = new)  5 open intervention
 *       that cannot be read and is left behind ('' = none)  6 moment of the crisis  7 counts for the hold (1 or 0)
 *       8 window, ms  9 threshold  10 `tell|…` that becomes due ('' = none)  11 now  12 level  13 seconds the player is
 *       kept  14 session that stands for the player, '' where there is a player  15 prefix of the keys of interventions
 *       16 why it is held  17 count of fields of the record  18… those fields  then side writes, and those of a new hold
 * Returns {'written', held}; {'repeat', id, data, held} when the request was written before; {'changed', id, version,
 * data} when the open intervention is not what the record was based on. `held`: since when, or ''.
 * Keys of interventions are made here: which one is open is known only here.
 */
const WRITE_CRISIS = defineScript(
  'write-crisis',
  `${LUA_SIDE_WRITES}
local session = redis.call('HMGET', KEYS[2], 'requests', 'open:' .. ARGV[1], 'held_since', 'crises')
local requests, open, held, crises = session[1] or '', session[2], session[3] or '', session[4] or ''
local found = string.find(requests, ARGV[2] .. '=', 1, true)
if found then
  local id = string.sub(requests, found + 17, found + 52)
  local data = redis.call('HGET', ARGV[15] .. id, 'data')
  if data then return {'repeat', id, data, held} end
end
local base = tonumber(ARGV[4])
local now = false
if open and open ~= ARGV[5] then
  local record = redis.call('HMGET', ARGV[15] .. open, 'version', 'data')
  if record[1] or record[2] then
    now = true
    if open ~= ARGV[3] or record[1] ~= ARGV[4] then
      return {'changed', open, record[1] or '', record[2] or ''}
    end
  end
end
if not now and base > 0 then return {'changed', '', '', ''} end
if not now and redis.call('EXISTS', KEYS[1]) == 1 then
  -- Written by an earlier try of which nothing else is remembered.
  return {'repeat', ARGV[3], redis.call('HGET', KEYS[1], 'data') or '', held}
end

local fields = tonumber(ARGV[17])
redis.call('HSET', KEYS[1], unpack(ARGV, 18, 17 + fields))
redis.call('PERSIST', KEYS[1])
if base == 0 then redis.call('ZADD', KEYS[4], ARGV[6], ARGV[3]) end

requests = string.sub(requests .. ARGV[2] .. '=' .. ARGV[3] .. ';', -${MAX_REQUESTS * REQUEST_WIDTH})
redis.call('HSET', KEYS[2], 'requests', requests, 'open:' .. ARGV[1], ARGV[3])
redis.call('PERSIST', KEYS[2])
local newly_held = false
if ARGV[7] == '1' then
  local recent, kept = 0, {}
  for moment in string.gmatch(crises .. ARGV[6] .. ';', '(%d+);') do
    if tonumber(moment) > tonumber(ARGV[11]) - tonumber(ARGV[8]) then
      recent = recent + 1
      kept[recent] = moment
    end
  end
  local first = math.max(1, recent - ${MAX_CRISES} + 1)
  crises = ''
  for i = first, recent do crises = crises .. kept[i] .. ';' end
  redis.call('HSET', KEYS[2], 'crises', crises)
  if held == '' and recent >= tonumber(ARGV[9]) then
    newly_held = true
    held = ARGV[11]
    redis.call('HSET', KEYS[2], 'held_since', held, 'held_because', ARGV[16])
  end
end

redis.call('HINCRBY', KEYS[3], 'violations', 1)
redis.call('HINCRBY', KEYS[3], 'crisis_count', 1)
local last = tonumber(redis.call('HGET', KEYS[3], 'last_crisis_at') or '0') or 0
if tonumber(ARGV[6]) >= last then
  redis.call('HSET', KEYS[3], 'last_crisis_at', ARGV[6], 'last_level', ARGV[12])
end
if ARGV[14] ~= '' then redis.call('HSET', KEYS[3], 'session_id', ARGV[14]) end
redis.call('EXPIRE', KEYS[3], ARGV[13])

if ARGV[10] ~= '' then redis.call('ZADD', KEYS[5], 'NX', ARGV[11], ARGV[10]) end
write_beside(ARGV[#ARGV - 1])
if newly_held then write_beside(ARGV[#ARGV]) end
return {'written', held}
`,
);

type Reply =
  | ['written', held: string]
  | ['repeat', id: string, data: string, held: string]
  | ['changed', id: string, version: string, data: string];

/**
 * Errors: backend_unavailable; intervention_busy (conflict) when others were faster again and again
 *
 * @param known  the open intervention as it was read with the player; saves a round trip when it still is so
 */
export async function writeCrisis(
  options: InterventionStoreOptions,
  crisis: Crisis,
  known: Intervention | null = null,
): Promise<WrittenCrisis> {
  if (!/^[0-9a-f-]{36}$/.test(crisis.interventionId)) {
    throw new TypeError('an intervention is named by a UUID');
  }
  let base = known !== null && !isClosed(known.state) ? known : null;
  let unreadable = '';
  for (let tried = 0; tried < MAX_TRIES; tried++) {
    const { next, tellsPeople } =
      base === null
        ? { next: beginIntervention(crisis), tellsPeople: true }
        : addCrisis(base, ownId(crisis, base));
    const reply = await send(options, { crisis, base, next, tellsPeople, unreadable });
    if (reply[0] === 'written') {
      count(options, crisis);
      const isHeld = reply[1] !== '' || isOverdue(next, options.settings, options.clock.now());
      return { intervention: next, isNew: base === null, isRepeat: false, tellsPeople, isHeld };
    }
    if (reply[0] === 'repeat') {
      const intervention = readOrNull(options, reply[1], reply[2]) ?? beginIntervention(crisis);
      const isHeld = reply[3] !== '';
      return { intervention, isNew: false, isRepeat: true, tellsPeople: false, isHeld };
    }
    const [, id, , data] = reply;
    base = id === '' ? null : readOrNull(options, id, data);
    // A record that nobody can read, or that is closed, takes no more events; it stays as it is.
    if (base !== null && isClosed(base.state)) base = null;
    unreadable = id !== '' && base === null ? id : '';
  }
  throw new FleetError({
    code: 'intervention_busy',
    kind: 'conflict',
    message: `others changed the intervention ${MAX_TRIES} times in a row; nothing was written`,
  });
}

async function send(
  { store, clock, settings, pseudonyms }: InterventionStoreOptions,
  write: {
    readonly crisis: Crisis;
    readonly base: Intervention | null;
    readonly next: Intervention;
    readonly tellsPeople: boolean;
    readonly unreadable: string;
  },
): Promise<Reply> {
  const { crisis, base, next, tellsPeople } = write;
  const { keys } = store;
  const nowMs = clock.now();
  const atMs = Date.parse(crisis.event.at);
  const { event, sessionId, userHash } = crisis;
  const isAnonymous = pseudonyms.userHash(null, sessionId) === userHash;
  const fields = fieldsOf(next);
  const reason = `${settings.hold.threshold} crises within ${settings.hold.window_h} hours`;
  const days = settings.retention_days;
  const reply = await runScript(
    store.redis,
    WRITE_CRISIS,
    [
      keys.safetyIntervention(next.intervention_id),
      keys.safetySession(sessionId),
      keys.safetyUser(userHash),
      keys.safetyInterventions(),
      keys.safetyDue(),
      ...sideKeys(keys, atMs),
    ],
    [
      userHash,
      requestHash(event.request_id),
      next.intervention_id,
      base?.version ?? 0,
      write.unreadable,
      atMs,
      event.crisis_level === 'low' ? 0 : 1,
      settings.hold.window_h * HOUR_MS,
      settings.hold.threshold,
      tellsPeople ? `tell|${next.intervention_id}|${next.escalation_round}` : '',
      nowMs,
      event.crisis_level,
      days.user * DAY_SECONDS,
      isAnonymous ? sessionId : '',
      keys.safetyIntervention(''),
      reason,
      fields.length,
      ...fields,
      sideArgument(besideCrisis(crisis, base, next, tellsPeople), days.audit),
      sideArgument(
        { atMs: nowMs, ...heldBeside(sessionId, reason, 'system'), counts: { held: 1 } },
        days.audit,
      ),
    ],
  );
  // What the script returns, as it says.
  return reply as unknown as Reply;
}

function besideCrisis(
  { event, sessionId, userHash, text, assessment, responded }: Crisis,
  base: Intervention | null,
  next: Intervention,
  tellsPeople: boolean,
): SideWrites {
  const id = next.intervention_id;
  const types = event.crisis_types.join(',');
  const counts: Record<string, number> = {
    crises: 1,
    [`crisis:${event.crisis_types[0] ?? 'none'}:${event.crisis_level}`]: 1,
    ...(base === null ? { opened: 1, [`opened:${event.crisis_level}`]: 1 } : { repeated: 1 }),
    ...(base !== null && tellsPeople ? { raised: 1 } : {}),
    [`action:${responded.action_type}:${responded.success ? 'ok' : 'failed'}`]: 1,
  };
  if (responded.success) {
    counts['answer:n'] = 1;
    counts['answer:ms'] = responded.response_time_ms;
    counts[`answer:b${bucketOf(responded.response_time_ms)}`] = 1;
  }
  return {
    atMs: Date.parse(event.at),
    audit: [
      {
        event: base === null ? 'intervention.opened' : 'intervention.crisis_added',
        actor: 'player',
        intervention_id: id,
        session_id: sessionPseudonym(sessionId),
        user_hash: userHash,
        text_hmac: text.hmac,
        length: text.length,
        level: event.crisis_level,
        crisis_types: types,
        rule_ids: text.ruleIds.join(','),
        rules_version: assessment.rules_version,
        origin: event.origin,
        state: next.state,
        version: next.version,
      },
    ],
    events: [
      {
        type: 'safety.crisis_detected',
        intervention_id: id,
        session_id: sessionId,
        level: event.crisis_level,
        crisis_types: types,
        severity: event.severity,
        state: next.state,
        round: next.escalation_round,
      },
    ],
    counts,
  };
}

/** The player was told an id of its own where what was open could not be read, as while Redis was away. */
function ownId(crisis: Crisis, base: Intervention): Crisis {
  if (crisis.interventionId === base.intervention_id) return crisis;
  const metadata = { ...crisis.responded.metadata, answered_as: crisis.interventionId };
  return { ...crisis, responded: { ...crisis.responded, metadata } };
}

function readOrNull({ log }: InterventionStoreOptions, id: string, data: string): Intervention | null {
  return tryParse(id, data, (error) =>
    log.error(
      { err: error, interventionId: id },
      'an intervention cannot be read; a new one takes its place',
    ),
  );
}

function count({ metrics }: InterventionStoreOptions, { event }: Crisis): void {
  const type = event.crisis_types[0] ?? 'none';
  metrics?.safety_crisis_total.inc({ type, level: event.crisis_level });
}

/** Ids of requests come from outside and may be long. */
function requestHash(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex').slice(0, 16);
}
