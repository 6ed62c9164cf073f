import type { ON_BUSY } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import { defineScript } from '../../redis/script.ts';
import { EARLY } from './early-warning.ts';
import { NO_KEY_SUFFIX, run, sessionKeys } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { LUA_EMIT, LUA_KEEP_FOR } from './lua-parts.ts';
import { LOOK_EVERY_MS_PER_OPEN_RUN } from './open-runs.ts';
import { encodeNewRun, type NewRun } from './run-record.ts';

/** A session counts as active for so long after its last run was admitted. */
export const ACTIVE_SESSION_MS = 900_000;

/**
 * KEYS  1 run  2 deadlines  3 events  4 session  5 pending list  6 index  7 runs of the session  8 dedup claim
 *       9 prefix of run keys  10 definitions  11 turns  12 world  13 history of the world  14 active sessions, and for a run
 *       that is called  15 events of the caller  16 the caller
 * ARGV  1 now  2 max open runs  3 run id  4 next check at  5 has session (1 or 0)  6 max pending
 *       7 on busy (queue | reject)  8 deadline if it starts now  9 is delayed (1 or 0)  10 dedup fingerprint ('' = none)
 *       11 seconds for which claims are kept at least  12 path of the call ('' = none)
 *       13 field of its definition, where that can be deleted, else ''  14 when it will be done, in ms from now (null = unknown)
 *       15 session id ('' = none)  16 seconds for which anything of a run is kept at most  17… record fields and values
 * Returns {verdict, queued behind, active or earlier run}.
 */
const ADMIT_RUN = defineScript(
  'admit-run',
  `${LUA_EMIT}${LUA_KEEP_FOR}
if redis.call('EXISTS', KEYS[1]) == 1 then return {'exists', 0, ''} end
if ARGV[10] ~= '' then
  local claim = redis.call('HMGET', KEYS[8], 'run_id', 'fp')
  if claim[1] and redis.call('EXISTS', KEYS[9] .. claim[1]) == 1 then
    return {claim[2] == ARGV[10] and 'duplicate' or 'dedup_reused', 0, claim[1]}
  end
end
if ARGV[13] ~= '' then
  local mark = tonumber(redis.call('HGET', KEYS[10], ARGV[13] .. '!') or 0)
  if mark > tonumber(ARGV[1]) or redis.call('HSTRLEN', KEYS[10], ARGV[13]) <= 64 then
    return {'definition_deleted', 0, ''}
  end
end
local open = redis.call('ZCARD', KEYS[2])
if open >= tonumber(ARGV[2]) then return {'too_many_runs', 0, ''} end
local behind = 0
if ARGV[5] == '1' then
  local session = redis.call('HMGET', KEYS[4], 'session_id', 'forgetting')
  if not session[1] or session[2] then return {'session_not_found', 0, ''} end
  local active = ARGV[9] == '0' and redis.call('HGET', KEYS[4], 'active')
  if ARGV[9] == '1' then
    -- It takes its place when it begins: nobody waits for what is not to happen yet.
  elseif active then
    if ARGV[7] == 'reject' then return {'session_busy', 0, active} end
    behind = redis.call('LLEN', KEYS[5]) + 1
    if behind > tonumber(ARGV[6]) then return {'session_full', behind, active} end
    redis.call('RPUSH', KEYS[5], ARGV[3])
  else
    redis.call('HSET', KEYS[4], 'active', ARGV[3])
  end
  redis.call('HSET', KEYS[4], 'last_activity_at', ARGV[1])
  local ttl = tonumber(redis.call('HGET', KEYS[4], 'ttl_seconds'))
  for _, key in ipairs({KEYS[4], KEYS[5], KEYS[11]}) do redis.call('EXPIRE', key, ttl) end
  keep_for(KEYS[12], ttl)
  keep_for(KEYS[13], ttl)
end
redis.call('HSET', KEYS[1], unpack(ARGV, 17))
redis.call('ZADD', KEYS[6], ARGV[1], ARGV[3])
if ARGV[5] == '1' then
  redis.call('ZADD', KEYS[7], ARGV[1], ARGV[3])
  -- What a run leaves goes by its own time; until then its session must know the run.
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', ARGV[1] - ARGV[16] * 1000, 'LIMIT', 0, 10)) do
    if redis.call('EXISTS', KEYS[9] .. old) == 0 then redis.call('ZREM', KEYS[7], old) end
  end
  keep_for(KEYS[7], ARGV[16])
  redis.call('ZADD', KEYS[14], ARGV[1], ARGV[15])
  redis.call('ZREMRANGEBYSCORE', KEYS[14], '-inf', tonumber(ARGV[1]) - ${ACTIVE_SESSION_MS})
end
if ARGV[10] ~= '' then
  redis.call('HSET', KEYS[8], 'run_id', ARGV[3], 'fp', ARGV[10])
  redis.call('EXPIRE', KEYS[8], ARGV[11])
end
if behind == 0 and ARGV[9] == '0' then redis.call('HSET', KEYS[1], 'deadline_at', ARGV[8]) end
local turn = tonumber(ARGV[1]) + open * ${LOOK_EVERY_MS_PER_OPEN_RUN}
local warns = tonumber(ARGV[1]) + (ARGV[8] - ARGV[1]) * ${EARLY}
redis.call('ZADD', KEYS[2], math.min(warns, math.max(tonumber(ARGV[4]), turn)), ARGV[3])
emit(KEYS[3], 'run.accepted', ARGV[1], '', '', '{"queued_behind":' .. behind .. ',"eta_ms":' .. ARGV[14] .. '}')
if KEYS[15] then
  if redis.call('HGET', KEYS[16], 'status') == 'pending' then
    redis.call('HSET', KEYS[16], 'status', 'running', 'started_at', ARGV[1])
    emit(KEYS[15], 'run.started', ARGV[1], '', '', '')
  end
  emit(KEYS[15], 'step.started', ARGV[1], ARGV[12], 'flow', cjson.encode({attempt = 1, queued_ms = 0, run_id = ARGV[3]}))
end
return {'admitted', behind, ''}
`,
);

export interface Admission {
  /**
   * `exists`: a run with this id was admitted before; `duplicate`: another one with this dedup id was. Nothing was
   * changed.
   */
  readonly verdict: 'admitted' | 'exists' | 'duplicate';
  /** The run that stands for the request: the new one, or the one that was there. */
  readonly runId: string;
  /** Turns of the same session that go first; 0 = the run may start now. */
  readonly queuedBehind: number;
}

export interface AdmitOptions {
  readonly nowMs: number;
  readonly maxOpenRuns: number;
  readonly maxPending: number;
  readonly onBusy: Exclude<(typeof ON_BUSY)[number], 'supersede'>;
  /** Its definition was registered and may have been deleted meanwhile; a deleted one is kept as a mere hash. */
  readonly isStored?: boolean;
  /** The watchdog looks at the run then, or later when many are open, should nobody have moved it. */
  readonly nextCheckAtMs: number;
  /** One run per claim, as long as its record is kept. The claim is made with the record, so it cannot be lost. */
  readonly dedup?: DedupClaim | undefined;
  readonly retentionSeconds: number;
  /** When it will be done, from now; told with its acceptance. Absent or null: unknown. */
  readonly etaMs?: number | null;
  /** Beyond the record, jobs and histories of a run are kept for so long: until then its session must know it. */
  readonly tracesSeconds?: number;
}

export interface DedupClaim {
  /** Who says which `dedup_id` for which workflow, hashed. */
  readonly hash: string;
  /** Equal for equal requests. */
  readonly fingerprint: string;
}

/** Beyond the retention: a run may be open for so long before it ends. */
const OPEN_SECONDS = 7200;

/**
 * Create the record of a run and take its place in its session's order, as one step. Nothing is on a queue yet.
 *
 * Errors: too_many_runs (overloaded), idempotency_key_reused (invalid_input, 422), workflow_not_found and session_not_found
 * (not_found), session_busy (conflict with `reject`, overloaded when too many turns wait), backend_unavailable
 * Redis: one round trip
 */
export async function admitRun(store: RedisStore, newRun: NewRun, options: AdmitOptions): Promise<Admission> {
  const { keys } = store;
  const { called_by: calledBy } = newRun;
  // A run that is called belongs to the turn of its caller.
  const turnOf = calledBy === undefined ? newRun.session_id : undefined;
  const session = sessionKeys(keys, turnOf);
  const reply = (await run(
    store,
    ADMIT_RUN,
    [
      keys.run(newRun.run_id),
      keys.deadlines(),
      keys.runEvents(newRun.run_id),
      session.session,
      session.pending,
      keys.runIndex(),
      keys.sessionRuns(newRun.session_id ?? NO_KEY_SUFFIX),
      keys.dedup(options.dedup?.hash ?? NO_KEY_SUFFIX),
      keys.run(''),
      keys.definitions(),
      session.turns,
      keys.world(newRun.world_id ?? NO_KEY_SUFFIX),
      keys.worldHistory(newRun.world_id ?? NO_KEY_SUFFIX),
      keys.activeSessions(),
      ...(calledBy === undefined ? [] : [keys.runEvents(calledBy.run_id), keys.run(calledBy.run_id)]),
    ],
    [
      options.nowMs,
      options.maxOpenRuns,
      newRun.run_id,
      options.nextCheckAtMs,
      turnOf === undefined ? 0 : 1,
      options.maxPending,
      options.onBusy,
      options.nowMs + newRun.timeout_ms,
      newRun.delayed_until === undefined ? 0 : 1,
      options.dedup?.fingerprint ?? '',
      keptSeconds(newRun, options),
      calledBy?.path ?? '',
      options.isStored === true ? `${newRun.workflow}@${newRun.version}` : '',
      options.etaMs ?? 'null',
      turnOf ?? '',
      Math.max(options.tracesSeconds ?? 0, keptSeconds(newRun, options)),
      ...encodeNewRun(newRun, options.nowMs),
    ],
  )) as [string, number, string];
  const [verdict, behind, active] = reply;
  switch (verdict) {
    case 'admitted':
    case 'exists':
      return { verdict, runId: newRun.run_id, queuedBehind: behind };
    case 'duplicate':
      return { verdict, runId: active, queuedBehind: behind };
    case 'dedup_reused':
      throw new FleetError({
        code: 'idempotency_key_reused',
        kind: 'invalid_input',
        httpStatus: 422,
        message: `this dedup_id was used for another request, which started run ${active}; use a new one`,
        details: { run_id: active },
      });
    case 'definition_deleted':
      throw new FleetError({
        code: 'workflow_not_found',
        kind: 'not_found',
        message: `workflow ${newRun.workflow}@${newRun.version} was deleted`,
        details: { name: newRun.workflow, version: newRun.version },
      });
    case 'too_many_runs':
      throw new FleetError({
        code: 'too_many_runs',
        kind: 'overloaded',
        message: `the fleet already has ${options.maxOpenRuns} open runs (workflow.max_open_runs)`,
        retryAfterMs: 1000,
      });
    case 'session_not_found':
      throw new FleetError({
        code: 'session_not_found',
        kind: 'not_found',
        message: `there is no session "${newRun.session_id}" (it may have expired)`,
      });
    case 'session_busy':
      throw new FleetError({
        code: 'session_busy',
        kind: 'conflict',
        message: `session "${newRun.session_id}" is busy with run ${active}`,
        details: { active_run_id: active },
      });
    default:
      throw new FleetError({
        code: 'session_busy',
        kind: 'overloaded',
        message: `session "${newRun.session_id}" already has ${options.maxPending} turns waiting (sessions.max_pending)`,
        retryAfterMs: 1000,
        details: { active_run_id: active },
      });
  }
}

function keptSeconds(newRun: NewRun, { nowMs, retentionSeconds }: AdmitOptions): number {
  const delayMs = Math.max(0, (newRun.delayed_until ?? nowMs) - nowMs);
  return Math.ceil(retentionSeconds + OPEN_SECONDS + (delayMs + newRun.timeout_ms) / 1000);
}
