import type { RunError } from '../../contracts/run.ts';
import { START } from '../effects/effect.ts';
import { defineScript } from '../../redis/script.ts';
import { NO_KEY_SUFFIX, run, sessionKeys } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import {
  LUA_EMIT,
  LUA_HAND_OVER,
  LUA_IS_OPEN,
  LUA_KEEP_FOR,
  LUA_NOTE_PATCH,
  LUA_RECORD_EFFECT,
} from './lua-parts.ts';

/**
 * KEYS  1 run  2 deadlines  3 session  4 pending list  5 turns  6 results  7 errors  8 events  9 cancel channel
 *       10 prefix of run keys  11 world
 *       12 decisions  13 signals  14 effects  15 history of the world
 * ARGV  1 now  2 run id  3 status  4 output ('' = none)  5 error ('' = none)  6 retention seconds
 *       7 has session (1 or 0)  8 turn number (0 = no turn to record)  9 event data  10 announce to workers (1 or 0)
 *       11 how it was degraded, as event data ('' = not)  12 savepoint to roll back to when the run did not complete ('' = everything stays)
 *       13 session id  14 count of turn fields and values, then these, then session fields and values
 * Returns {verdict, status, run that is next in the session or ''}; for `roll_back` the savepoint and who asked for it.
 * A run with something to undo does not end yet: it accepts nothing any more, and is settled again afterwards.
 */
const SETTLE_RUN = defineScript(
  'settle-run',
  `${LUA_IS_OPEN}${LUA_EMIT}${LUA_KEEP_FOR}${LUA_RECORD_EFFECT}${LUA_NOTE_PATCH}${LUA_HAND_OVER}
local status = redis.call('HGET', KEYS[1], 'status')
local has_session = ARGV[7] == '1' and redis.call('HEXISTS', KEYS[3], 'session_id') == 1
if not status then
  redis.call('ZREM', KEYS[2], ARGV[2])
  return {'missing', '', has_session and hand_over(KEYS[3], KEYS[4], KEYS[10], ARGV[2], ARGV[1]) or ''}
end
if not is_open(status) then
  local active = has_session and redis.call('HGET', KEYS[3], 'active') or ''
  if active == ARGV[2] then active = hand_over(KEYS[3], KEYS[4], KEYS[10], ARGV[2], ARGV[1]) end
  return {'already', status, active or ''}
end
local has = redis.call('HMGET', KEYS[1], 'has_errors', 'has_decisions', 'has_signals', 'has_effects',
  'rollback_done', 'rollback_asked', 'rollback_by', 'rolled_back_to')
if has[4] and ARGV[3] ~= 'completed' and not has[5] then
  local savepoint = has[6] or ARGV[12]
  local stays = redis.call('HGET', KEYS[14], 's:' .. savepoint)
  -- A savepoint that was never reached stands for the start.
  if not stays and savepoint ~= '' then savepoint = '${START}' end
  if savepoint ~= '' and tonumber(redis.call('HGET', KEYS[14], 'n') or 0) > tonumber(stays or 0) then
    redis.call('HSET', KEYS[1], 'status', 'compensating')
    return {'roll_back', savepoint, has[6] and has[7] or ''}
  end
end
local ended = has[8] == '${START}' and ARGV[3] ~= 'completed' and 'rolled_back' or ARGV[3]
local fields = {'status', ended, 'ended_at', ARGV[1], 'degraded', ARGV[11] == '' and 0 or 1}
if ARGV[4] ~= '' then fields[#fields + 1] = 'output'; fields[#fields + 1] = ARGV[4] end
if ARGV[5] ~= '' then fields[#fields + 1] = 'error'; fields[#fields + 1] = ARGV[5] end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('ZREM', KEYS[2], ARGV[2])
local next_id = ''
local recovered_from = false
if has_session then
  -- Only whoever was answered knows that something was missing.
  local is_answer = ARGV[8] ~= '0' or (ARGV[11] ~= '' and ARGV[3] ~= 'completed')
  if is_answer and redis.call('HGET', KEYS[3], 'active') == ARGV[2] then
    local worst = redis.call('HGET', KEYS[3], 'degraded_level')
    if ARGV[11] == '' then
      recovered_from = worst
      redis.call('HDEL', KEYS[3], 'degraded_level')
    else
      redis.call('HSET', KEYS[3], 'degraded_level', math.max(tonumber(worst or 0), cjson.decode(ARGV[11]).level))
    end
  end
  if ARGV[8] ~= '0' then
    local turn_fields = {}
    local session_fields = {}
    local before = {turn = redis.call('HGET', KEYS[3], 'turn')}
    local count = tonumber(ARGV[14])
    for i = 15, 14 + count do turn_fields[#turn_fields + 1] = ARGV[i] end
    for i = 15 + count, #ARGV do session_fields[#session_fields + 1] = ARGV[i] end
    for i = 1, #session_fields, 2 do before[session_fields[i]] = redis.call('HGET', KEYS[3], session_fields[i]) end
    local entry = redis.call('XADD', KEYS[5], 'MAXLEN', 100, '*', unpack(turn_fields))
    record_effect(KEYS[14], '{"kind":"session_turn","step":"","at":' .. ARGV[1] .. ',"session":' .. cjson.encode(ARGV[13]) ..
      ',"turn":' .. ARGV[8] .. ',"entry":"' .. entry .. '"}', cjson.encode(before))
    has[4] = redis.call('HSET', KEYS[1], 'has_effects', 1)
    redis.call('HSET', KEYS[3], 'turn', ARGV[8], unpack(session_fields))
  end
  next_id = hand_over(KEYS[3], KEYS[4], KEYS[10], ARGV[2], ARGV[1])
  redis.call('HSET', KEYS[3], 'last_activity_at', ARGV[1])
  local ttl = tonumber(redis.call('HGET', KEYS[3], 'ttl_seconds'))
  redis.call('EXPIRE', KEYS[3], ttl)
  redis.call('EXPIRE', KEYS[4], ttl)
  redis.call('EXPIRE', KEYS[5], ttl)
  keep_for(KEYS[11], ttl)
  live_as_long(KEYS[15], KEYS[11])
end
if ARGV[11] ~= '' then emit(KEYS[8], 'run.degraded', ARGV[1], '', '', ARGV[11]) end
if recovered_from then
  emit(KEYS[8], 'service.recovered', ARGV[1], '', '', '{"from_level":' .. recovered_from .. '}')
end
emit(KEYS[8], 'run.' .. ARGV[3], ARGV[1], '', '', ARGV[9])
if ARGV[10] == '1' then redis.call('PUBLISH', KEYS[9], ARGV[2]) end
local kept = {KEYS[1], KEYS[6], KEYS[8]}
if has[1] then kept[#kept + 1] = KEYS[7] end
if has[2] then kept[#kept + 1] = KEYS[12] end
if has[3] then kept[#kept + 1] = KEYS[13] end
if has[4] then kept[#kept + 1] = KEYS[14] end
for _, key in ipairs(kept) do redis.call('EXPIRE', key, ARGV[6]) end
return {'settled', ended, next_id}
`,
);

/** What a completed turn leaves in its session. Values are stored as given. */
export interface TurnEntry {
  readonly turn: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly sessionFields: Readonly<Record<string, string>>;
}

export interface Settlement {
  readonly runId: string;
  readonly sessionId: string | undefined;
  /** Lives as long as the session, and longer when a session that lives longer shares it. */
  readonly worldId: string | undefined;
  readonly status: 'completed' | 'failed' | 'cancelled' | 'timed_out';
  readonly output?: unknown;
  readonly error?: RunError;
  /** Left out: it is as good as it can be. */
  readonly degradation?: { readonly level: number; readonly reasons: readonly string[] };
  readonly turn?: TurnEntry;
  /** Where its effects are undone to before it ends, unless it completed; null or absent: they stay. */
  readonly rollBackTo?: string | null;
  readonly retentionSeconds: number;
  /** True when workers may still be busy with the run and should stop. */
  readonly interruptWorkers: boolean;
  readonly nowMs: number;
}

export type SettleOutcome =
  | {
      /** `already`: the run had ended before; nothing was changed. */
      readonly verdict: 'settled' | 'already' | 'missing';
      readonly status: string;
      /** The session's next run, which must now be put on its queues; null when nobody waits. */
      readonly nextRunId: string | null;
    }
  /** It has effects that must be undone before it ends. */
  | {
      readonly verdict: 'roll_back';
      readonly savepoint: string;
      /** Null: its workflow says so; else whoever cancelled it asked for this. */
      readonly askedBy: unknown;
      readonly nextRunId: null;
    };

/**
 * End a run: status, output, history of its session and hand-over to the session's next run, as one step.
 * Ending a run that has ended changes nothing.
 * Redis: one round trip.
 */
export async function settleRun(store: RedisStore, settlement: Settlement): Promise<SettleOutcome> {
  const { keys } = store;
  const { runId, turn } = settlement;
  const session = sessionKeys(keys, settlement.sessionId);
  const turnFields = Object.entries(turn?.fields ?? {}).flat();
  const reply = (await run(
    store,
    SETTLE_RUN,
    [
      keys.run(runId),
      keys.deadlines(),
      session.session,
      session.pending,
      session.turns,
      keys.runResults(runId),
      keys.runErrors(runId),
      keys.runEvents(runId),
      keys.cancelled(),
      keys.run(''),
      keys.world(settlement.worldId ?? NO_KEY_SUFFIX),
      keys.runDecisions(runId),
      keys.runSignals(runId),
      keys.runEffects(runId),
      keys.worldHistory(settlement.worldId ?? NO_KEY_SUFFIX),
    ],
    [
      settlement.nowMs,
      runId,
      settlement.status,
      settlement.output === undefined ? '' : JSON.stringify(settlement.output),
      settlement.error === undefined ? '' : JSON.stringify(settlement.error),
      settlement.retentionSeconds,
      settlement.sessionId === undefined ? 0 : 1,
      turn?.turn ?? 0,
      settlement.error === undefined ? '' : JSON.stringify({ error_code: settlement.error.code }),
      settlement.interruptWorkers ? 1 : 0,
      settlement.degradation === undefined ? '' : JSON.stringify(settlement.degradation),
      settlement.rollBackTo ?? '',
      settlement.turn === undefined ? '' : (settlement.sessionId ?? ''),
      turnFields.length,
      ...turnFields,
      ...Object.entries(turn?.sessionFields ?? {}).flat(),
    ],
  )) as [SettleOutcome['verdict'], string, string];
  const [verdict, status, nextRunId] = reply;
  if (verdict === 'roll_back') {
    const askedBy: unknown = nextRunId === '' ? null : JSON.parse(nextRunId);
    return { verdict, savepoint: status, askedBy, nextRunId: null };
  }
  return { verdict, status, nextRunId: nextRunId === '' ? null : nextRunId };
}
