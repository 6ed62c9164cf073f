import type { RunContext } from '../../contracts/run-context.ts';
import { defineScript, type ScriptValue } from '../../redis/script.ts';
import { NO_KEY_SUFFIX, run, toObject } from './journal-store.ts';
import type { Ending } from './run-record.ts';
import type { RedisStore } from '../../redis/store.ts';
import { LUA_ACCEPTS, LUA_EMIT } from './lua-parts.ts';

/**
 * KEYS  1 run  2 results  3 errors  4 events  5 decisions  6 signals, and for a run of a session
 *       7 session  8 turns  9 world
 * ARGV  1 now  2 path  3 agent  4 attempt  5 recent turns wanted  6 path of the step before it in its chain ('' = none)
 * Returns {verdict, …}; for `ready`: as one text, which is read natively, a list of input, deadline, ending, results, errors,
 * decisions, signals, queued ms, metadata, user id, context, start of the run, its time limit, its soft limit, whether it
 * asks no model, when its watchers were told that it is worked on, and session, turns, world version; then the world's data as they are.
 */
const BEGIN_STEP = defineScript(
  'begin-step',
  `${LUA_ACCEPTS}${LUA_EMIT}
local run = redis.call('HMGET', KEYS[1], 'status', 'input', 'deadline_at', 'ready_at', 'created_at', 'generation', 'ending',
  'has_errors', 'has_decisions', 'has_signals', 'metadata', 'user_id', 'context', 'started_at', 'timeout_ms',
  'soft_ms', 'goes_local', 'told_at')
local status = run[1]
if not status then return {'missing'} end
if not accepts(status) then
  return {'closed', status, redis.call('HEXISTS', KEYS[3], ARGV[2]), run[6]}
end
local results = redis.call('HGETALL', KEYS[2])
local output_of = {}
for i = 1, #results, 2 do output_of[results[i]] = results[i + 1] end
if output_of[ARGV[2]] then return {'recorded', output_of[ARGV[2]]} end
local errors = run[8] and redis.call('HGETALL', KEYS[3]) or {}
local error_of = {}
for i = 1, #errors, 2 do error_of[errors[i]] = errors[i + 1] end
if error_of[ARGV[2]] then return {'abandoned'} end
if ARGV[6] ~= '' and not output_of[ARGV[6]] then
  if not error_of[ARGV[6]] then return {'upstream_missing', ARGV[6]} end
  emit(KEYS[4], 'step.skipped', ARGV[1], ARGV[2], ARGV[3], cjson.encode({because = ARGV[6]}))
  return {'upstream_failed', ARGV[6]}
end
if status == 'pending' then
  redis.call('HSET', KEYS[1], 'status', 'running', 'started_at', ARGV[1])
  emit(KEYS[4], 'run.started', ARGV[1], '', '', '')
end
local queued = math.max(0, tonumber(ARGV[1]) - tonumber(run[4] or run[5]))
emit(KEYS[4], 'step.started', ARGV[1], ARGV[2], ARGV[3],
  '{"attempt":' .. ARGV[4] .. ',"queued_ms":' .. queued .. '}')
local facts = {run[2], run[3] or '', run[7] or '', results, errors,
  run[9] and redis.call('HGETALL', KEYS[5]) or {}, run[10] and redis.call('HGETALL', KEYS[6]) or {}, queued,
  run[11] or '', run[12] or '', run[13] or '', run[14] or ARGV[1], run[15],
  run[16] or '', run[17] or '', run[18] or ''}
if not KEYS[7] then return {'ready', cjson.encode(facts), ''} end
local world = redis.call('HMGET', KEYS[9], 'version', 'data')
facts[17] = redis.call('HGETALL', KEYS[7])
facts[18] = ARGV[5] == '0' and {} or redis.call('XREVRANGE', KEYS[8], '+', '-', 'COUNT', ARGV[5])
facts[19] = world[1] or ''
return {'ready', cjson.encode(facts), world[2] or ''}
`,
);

/** Everything a step may read, as it stood when the step began. */
export interface StepFacts {
  readonly input: unknown;
  readonly deadlineAtMs: number | null;
  /** Step path -> output of the earlier steps. */
  readonly results: Readonly<Record<string, unknown>>;
  readonly session: Readonly<Record<string, string>> | null;
  /** Newest first, at most as many as were asked for. */
  readonly recentTurns: readonly Readonly<Record<string, string>>[];
  readonly world: { readonly version: number; readonly data: string } | null;
  readonly errors: Readonly<Record<string, unknown>>;
  readonly decisions: Readonly<Record<string, unknown>>;
  readonly signals: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly userId: string | undefined;
  readonly context: RunContext;
  readonly startedAtMs: number;
  /** What the run may take; its deadline is so long after it could begin. */
  readonly runTimeoutMs: number;
  /** When its agents should have answered; null: they take their time. */
  readonly softDeadlineAtMs: number | null;
  /** It asks no model, because it would be late. */
  readonly goesLocal: boolean;
  /** When its watchers were last told that it is still worked on; null: they were not. */
  readonly toldAtMs: number | null;
  /** Set when the run must end. */
  readonly ending: Ending | null;
  /** Since the step before it ended, or the run was accepted; a retry's pause counts too. */
  readonly queuedMs: number;
}

export type StepStart =
  | { readonly verdict: 'ready'; readonly facts: StepFacts }
  /** The step has its result already: an earlier delivery got that far. */
  | { readonly verdict: 'recorded'; readonly output: unknown }
  /** The run has ended; `failedHere` when this very step is why, in this generation. */
  | {
      readonly verdict: 'closed';
      readonly status: string;
      readonly failedHere: boolean;
      readonly generation: number;
    }
  | { readonly verdict: 'missing' }
  /** It was given up before it began: cancelled, or its join was decided without it. */
  | { readonly verdict: 'abandoned' }
  | { readonly verdict: 'upstream_failed' | 'upstream_missing'; readonly upstream: string };

export interface StepRequest {
  readonly runId: string;
  readonly path: string;
  readonly agent: string;
  readonly attempt: number;
  /** The step before it in its chain; null for the first. */
  readonly after: string | null;
  readonly sessionId: string | undefined;
  readonly worldId: string | undefined;
  readonly recentTurns: number;
  readonly nowMs: number;
}

/**
 * Ask whether a step may run, mark it as started and fetch all it reads.
 * Redis: one round trip, whatever the step needs.
 */
export async function beginStep(store: RedisStore, request: StepRequest): Promise<StepStart> {
  const { keys } = store;
  const { runId, sessionId, worldId } = request;
  const reply = (await run(
    store,
    BEGIN_STEP,
    [
      keys.run(runId),
      keys.runResults(runId),
      keys.runErrors(runId),
      keys.runEvents(runId),
      keys.runDecisions(runId),
      keys.runSignals(runId),
      ...(sessionId === undefined
        ? []
        : [keys.session(sessionId), keys.sessionTurns(sessionId), keys.world(worldId ?? NO_KEY_SUFFIX)]),
    ],
    [request.nowMs, request.path, request.agent, request.attempt, request.recentTurns, request.after ?? ''],
  )) as ScriptValue[];
  const [verdict, detail] = reply;
  switch (verdict) {
    case 'ready':
      // What is empty is an object here, for Lua does not know the difference.
      return { verdict, facts: decodeFacts(JSON.parse(String(detail)) as ScriptValue[], String(reply[2])) };
    case 'recorded':
      return { verdict, output: JSON.parse(String(detail)) };
    case 'upstream_failed':
    case 'upstream_missing':
      return { verdict, upstream: String(detail) };
    case 'closed':
      return {
        verdict,
        status: String(detail),
        failedHere: reply[2] === 1,
        generation: Number(reply[3]),
      };
    case 'abandoned':
      return { verdict };
    default:
      return { verdict: 'missing' };
  }
}

const NO_CONTEXT: RunContext = { v: 1 };

function decodeFacts(reply: readonly ScriptValue[], worldData: string): StepFacts {
  const [input, deadline, ending, results, errors, decisions, signals, queuedMs] = reply;
  const [metadata, userId, context, startedAt, timeoutMs, softMs, goesLocal, toldAt, ...surroundings] =
    reply.slice(8);
  const [session, turns, worldVersion = ''] = surroundings;
  const sessionHash = toObject(session);
  return {
    input: JSON.parse(String(input)),
    deadlineAtMs: deadline === '' ? null : Number(deadline),
    ending: ending === '' ? null : (JSON.parse(String(ending)) as Ending),
    results: parseResults(toObject(results)),
    errors: parseResults(toObject(errors)),
    decisions: parseResults(toObject(decisions)),
    signals: parseResults(toObject(signals)),
    queuedMs: Number(queuedMs),
    metadata: metadata === '' ? {} : (JSON.parse(String(metadata)) as Record<string, unknown>),
    // Written by our own scripts only, from what was parsed then.
    context: context === '' ? NO_CONTEXT : (JSON.parse(String(context)) as RunContext),
    startedAtMs: Number(startedAt),
    runTimeoutMs: Number(timeoutMs),
    softDeadlineAtMs: softDeadlineAt(deadline, timeoutMs, softMs),
    goesLocal: goesLocal === '1',
    toldAtMs: toldAt === '' ? null : Number(toldAt),
    userId: userId === '' ? undefined : String(userId),
    session: sessionHash['session_id'] === undefined ? null : sessionHash,
    recentTurns: Array.isArray(turns)
      ? (turns as readonly [string, ScriptValue][]).map(([, fields]) => toObject(fields))
      : [],
    world: worldVersion === '' ? null : { version: Number(worldVersion), data: worldData },
  };
}

/** Counted from when the run could begin, as its deadline is: what it waits behind other turns is not its own time. */
function softDeadlineAt(
  deadline: ScriptValue | undefined,
  timeoutMs: ScriptValue | undefined,
  softMs: ScriptValue | undefined,
): number | null {
  if (softMs === '' || deadline === '') return null;
  return Number(deadline) - Number(timeoutMs) + Number(softMs);
}

export function parseResults(hash: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(hash).map(([path, text]) => [path, JSON.parse(text)]));
}
