import type { Intervention } from '../../contracts/intervention.ts';
import { defineScript, runScript, toBackendError } from '../../redis/script.ts';
import { LUA_SIDE_WRITES, sideArgument, sideKeys } from '../record/side-writes.ts';
import { sessionPseudonym } from '../pseudonyms.ts';
import { DAY_SECONDS, type InterventionSettings, type InterventionStoreOptions } from './options.ts';
import { tryParse } from './record.ts';
import { isTaken } from './states.ts';

/** Until when somebody has to have taken a critical intervention; null where nobody has to, or somebody has. */
export function criticalDeadline(
  intervention: Intervention,
  settings: Pick<InterventionSettings, 'ack_minutes'>,
): number | null {
  const { assessment, state, raised_at: raisedAt, created_at: createdAt } = intervention;
  if (assessment.crisis_level !== 'critical' || isTaken(state)) return null;
  return Date.parse(raisedAt ?? createdAt) + settings.ack_minutes.critical * 60_000;
}

/** Whether a critical intervention has stayed without anybody for too long, unless somebody released it since. */
export function isOverdue(
  intervention: Intervention,
  settings: Pick<InterventionSettings, 'ack_minutes'>,
  nowMs: number,
  releasedAtMs = 0,
): boolean {
  const deadline = criticalDeadline(intervention, settings);
  return deadline !== null && nowMs >= deadline && releasedAtMs < deadline;
}

/**
 * KEYS  1 session  2 audit  3 events  4 counters of the hour
 * ARGV  1 now  2 seconds it is kept when nothing is open  3 side writes
 * Returns whether it was held (1 or 0), or -1 where nothing is known of the session.
 * The crises that led to the hold do not count again.
 */
const RELEASE_SESSION = defineScript(
  'release-session',
  `${LUA_SIDE_WRITES}
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local held = redis.call('HDEL', KEYS[1], 'held_since')
redis.call('HDEL', KEYS[1], 'held_because', 'crises')
redis.call('HSET', KEYS[1], 'released_at', ARGV[1])
local open = false
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 5) == 'open:' then open = true end
end
if not open then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
write_beside(ARGV[3])
return held
`,
);

/**
 * KEYS  1 session  2 audit  3 events  4 counters of the hour
 * ARGV  1 now  2 reason  3 side writes
 * Returns 1 when it is held now and was not before.
 */
const HOLD_SESSION = defineScript(
  'hold-session',
  `${LUA_SIDE_WRITES}
if redis.call('HSETNX', KEYS[1], 'held_since', ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'held_because', ARGV[2])
redis.call('PERSIST', KEYS[1])
write_beside(ARGV[3])
return 1
`,
);

/** Let a session play on. @returns null where nothing is known of it. Errors: backend_unavailable. */
export async function releaseSession(
  options: InterventionStoreOptions,
  sessionId: string,
  actor: string,
): Promise<{ readonly wasHeld: boolean } | null> {
  const { store, clock, settings } = options;
  const atMs = clock.now();
  const wasOverdue = await hasOverdue(options, sessionId, atMs);
  const side = {
    atMs,
    audit: [{ event: 'session.released', actor, session_id: sessionPseudonym(sessionId) }],
    events: [{ type: 'safety.session.released', session_id: sessionId, actor }],
    counts: {},
  };
  const held = await runScript(
    store.redis,
    RELEASE_SESSION,
    [store.keys.safetySession(sessionId), ...sideKeys(store.keys, atMs)],
    [atMs, settings.retention_days.user * DAY_SECONDS, sideArgument(side, settings.retention_days.audit)],
  );
  return held === -1 ? null : { wasHeld: held === 1 || wasOverdue };
}

/** Held because nobody took its intervention in time, without a mark of its own. */
async function hasOverdue(
  { store: { redis, keys }, settings }: InterventionStoreOptions,
  sessionId: string,
  nowMs: number,
): Promise<boolean> {
  try {
    const session = await redis.hgetall(keys.safetySession(sessionId));
    const releasedAt = Number(session['released_at'] ?? 0);
    for (const [field, id] of Object.entries(session)) {
      if (!field.startsWith('open:')) continue;
      const open = tryParse(id, await redis.hget(keys.safetyIntervention(id), 'data'));
      if (open !== null && isOverdue(open, settings, nowMs, releasedAt)) return true;
    }
    return false;
  } catch (error) {
    throw toBackendError(error, 'reading a session of safety');
  }
}

/** Let a session go on only after a person has released it. Errors: backend_unavailable. One round trip. */
export async function holdSession(
  { store, clock, settings }: InterventionStoreOptions,
  sessionId: string,
  reason: string,
  actor: string,
): Promise<void> {
  const atMs = clock.now();
  await runScript(
    store.redis,
    HOLD_SESSION,
    [store.keys.safetySession(sessionId), ...sideKeys(store.keys, atMs)],
    [
      atMs,
      reason,
      sideArgument(
        { atMs, ...heldBeside(sessionId, reason, actor), counts: { held: 1 } },
        settings.retention_days.audit,
      ),
    ],
  );
}

export function heldBeside(sessionId: string, reason: string, actor: string) {
  return {
    audit: [{ event: 'session.held', actor, reason, session_id: sessionPseudonym(sessionId) }],
    events: [{ type: 'safety.session.held', session_id: sessionId, reason }],
  };
}
