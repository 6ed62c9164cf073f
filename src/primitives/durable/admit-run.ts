import type { ON_BUSY } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import { defineScript } from '../../redis/script.ts';
import { run, sessionKeys } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { LUA_EMIT } from './lua-parts.ts';
import { encodeNewRun, type NewRun } from './run-record.ts';

/**
 * KEYS  1 run  2 deadlines  3 events  4 session  5 pending list, and for a run that is called  6 events of the caller
 * ARGV  1 now  2 max open runs  3 run id  4 next check at  5 has session (1 or 0)  6 max pending
 *       7 on busy (queue | reject)  8 deadline if it starts now  9 path of the call ('' = none)  10… record fields and values
 * Returns {verdict, queued behind, active run}.
 */
const ADMIT_RUN = defineScript(
  'admit-run',
  `${LUA_EMIT}
if redis.call('EXISTS', KEYS[1]) == 1 then return {'exists', 0, ''} end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then return {'too_many_runs', 0, ''} end
local behind = 0
if ARGV[5] == '1' then
  if redis.call('EXISTS', KEYS[4]) == 0 then return {'session_not_found', 0, ''} end
  local active = redis.call('HGET', KEYS[4], 'active')
  if active then
    if ARGV[7] == 'reject' then return {'session_busy', 0, active} end
    behind = redis.call('LLEN', KEYS[5]) + 1
    if behind > tonumber(ARGV[6]) then return {'session_full', behind, active} end
    redis.call('RPUSH', KEYS[5], ARGV[3])
  else
    redis.call('HSET', KEYS[4], 'active', ARGV[3])
  end
  redis.call('HSET', KEYS[4], 'last_activity_at', ARGV[1])
  local ttl = tonumber(redis.call('HGET', KEYS[4], 'ttl_seconds'))
  redis.call('EXPIRE', KEYS[4], ttl)
  redis.call('EXPIRE', KEYS[5], ttl)
end
redis.call('HSET', KEYS[1], unpack(ARGV, 10))
if behind == 0 then redis.call('HSET', KEYS[1], 'deadline_at', ARGV[8]) end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
emit(KEYS[3], 'run.accepted', ARGV[1], '', '', '{"queued_behind":' .. behind .. '}')
if KEYS[6] then
  emit(KEYS[6], 'step.started', ARGV[1], ARGV[9], 'flow', cjson.encode({attempt = 1, queued_ms = 0, run_id = ARGV[3]}))
end
return {'admitted', behind, ''}
`,
);

export interface Admission {
  /** `exists`: a run with this id was admitted before; nothing was changed. */
  readonly verdict: 'admitted' | 'exists';
  /** Turns of the same session that go first; 0 = the run may start now. */
  readonly queuedBehind: number;
}

export interface AdmitOptions {
  readonly nowMs: number;
  readonly maxOpenRuns: number;
  readonly maxPending: number;
  readonly onBusy: Exclude<(typeof ON_BUSY)[number], 'supersede'>;
  /** The watchdog looks at the run then, should nobody have moved it. */
  readonly nextCheckAtMs: number;
}

/**
 * Create the record of a run and take its place in its session's order, as one step. Nothing is on a queue yet.
 *
 * Errors: too_many_runs (overloaded), session_not_found (not_found), session_busy (conflict with `reject`,
 * overloaded when too many turns wait), backend_unavailable
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
      ...(calledBy === undefined ? [] : [keys.runEvents(calledBy.run_id)]),
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
      calledBy?.path ?? '',
      ...encodeNewRun(newRun, options.nowMs),
    ],
  )) as [string, number, string];
  const [verdict, behind, active] = reply;
  switch (verdict) {
    case 'admitted':
    case 'exists':
      return { verdict, queuedBehind: behind };
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
