import { FleetError } from '../../kernel/errors.ts';
import { defineScript } from '../../redis/script.ts';
import { NO_KEY_SUFFIX, run } from './journal-store.ts';
import type { RedisStore } from '../../redis/store.ts';
import { encodeEffects, type StepEffectsToRecord } from './effect-records.ts';
import { LUA_ACCEPTS, LUA_EMIT, LUA_KEEP_FOR, LUA_NOTE_PATCH, LUA_RECORD_EFFECT } from './lua-parts.ts';

/**
 * KEYS  1 run  2 results  3 errors  4 events  5 lock of the job, then with a world
 *       6 world  7 its history  8 outbox, then with effects  the effects, and keys that are written
 * ARGV  1 now  2 path  3 agent  4 output  5 event data  6 kind (run | direct)  7 seconds a direct job's result is kept
 *       8 lock token of the worker ('' = unchecked)  9 state the step left ('' = as before)
 *       10 place in KEYS of the effects (0 = none)  11 writes the world (1 or 0), then with a world
 *       12 expected version ('' = there is none)  13 next version  14 next data
 *       15 seconds it lives at least (0 = as before)  16 world id  17 run id ('' = none)  18 operations  19 undo
 *       20 after-image for the outbox ('' = none), then with effects
 *       savepoint to make ('' = none), then for each effect: entry, place of its key in KEYS ('' = none),
 *       action (set, delete or ''), value, life in ms ('' = for ever)
 * Returns {verdict, detail}. The effects, what undoes them, the result and the event are one step, or nothing happened.
 */
const COMMIT_STEP = defineScript(
  'commit-step',
  `${LUA_ACCEPTS}${LUA_EMIT}${LUA_KEEP_FOR}${LUA_RECORD_EFFECT}${LUA_NOTE_PATCH}
local has_errors = false
local event = ARGV[5]
local progress = tonumber(string.match(event, '^{"progress":(%d+)') or '')
local reached = false
if ARGV[6] == 'run' then
  local run = redis.call('HMGET', KEYS[1], 'status', 'has_errors', 'progress')
  if not run[1] then return {'missing', ''} end
  if not accepts(run[1]) then return {'closed', run[1]} end
  has_errors = run[2]
  reached = run[3] and tonumber(run[3])
end
local recorded = redis.call('HGET', KEYS[2], ARGV[2])
if recorded then return {'recorded', recorded} end
if ARGV[8] ~= '' and redis.call('GET', KEYS[5]) ~= ARGV[8] then return {'fenced', ''} end
if has_errors and redis.call('HEXISTS', KEYS[3], ARGV[2]) == 1 then return {'abandoned', ''} end
local effects = KEYS[tonumber(ARGV[10])]
local savepoint = ARGV[11] == '1' and 21 or 12
for i = savepoint + 1, #ARGV, 5 do
  local key = KEYS[tonumber(ARGV[i + 1])]
  local kind = key and redis.call('TYPE', key).ok or 'none'
  if kind ~= 'none' and kind ~= 'string' then return {'refused', key} end
end
if ARGV[11] == '1' then
  local version = redis.call('HGET', KEYS[6], 'version') or ''
  if version ~= ARGV[12] then return {'conflict', version} end
  redis.call('HSET', KEYS[6], 'version', ARGV[13], 'data', ARGV[14])
  if ARGV[15] ~= '0' then keep_for(KEYS[6], ARGV[15]) end
  if version == '' then redis.call('DEL', KEYS[7]) end
  note_patch(KEYS[6], KEYS[7], KEYS[8], ARGV[1], {version = ARGV[13], world_id = ARGV[16], run_id = ARGV[17],
    step = ARGV[2], ops = ARGV[18], undo = ARGV[19], after = ARGV[20]})
end
for i = savepoint + 1, #ARGV, 5 do
  local key = KEYS[tonumber(ARGV[i + 1])]
  local before = key and redis.call('GET', key)
  local life = before and redis.call('PTTL', key) or -1
  record_effect(effects, ARGV[i], before, life > 0 and tonumber(ARGV[1]) + life)
  if ARGV[i + 2] == 'delete' then redis.call('DEL', key) end
  if ARGV[i + 2] == 'set' then
    if ARGV[i + 4] == '' then redis.call('SET', key, ARGV[i + 3])
    else redis.call('SET', key, ARGV[i + 3], 'PX', ARGV[i + 4]) end
  end
end
if effects then
  local name = ARGV[savepoint]
  if name ~= '' then redis.call('HSETNX', effects, 's:' .. name, redis.call('HGET', effects, 'n') or 0) end
  redis.call('HSET', KEYS[1], 'has_effects', 1)
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
if ARGV[9] ~= '' then redis.call('HSET', KEYS[2], ARGV[2] .. '~state', ARGV[9]) end
if ARGV[6] == 'run' then
  -- Branches know nothing of each other: what was reached is never taken back.
  if progress and reached and reached > progress then
    event = string.gsub(event, '%d+', reached, 1)
    progress = reached
  end
  redis.call('HSET', KEYS[1], 'ready_at', ARGV[1], 'progress', progress or reached or 0)
  emit(KEYS[4], 'step.completed', ARGV[1], ARGV[2], ARGV[3], event)
else
  redis.call('EXPIRE', KEYS[2], ARGV[7])
end
return {'committed', ''}
`,
);

/** Where a result belongs: a step of a run, or a job that stands alone and keeps a ledger of its own. */
export type ResultOwner =
  | { readonly kind: 'run'; readonly runId: string; readonly path: string; readonly agent: string }
  | {
      readonly kind: 'direct';
      readonly jobKey: string;
      readonly agent: string;
      readonly keepSeconds: number;
    };

/** Who holds a job, as BullMQ knows it. */
export interface JobLock {
  readonly key: string;
  readonly token: string;
}

/** A write to a versioned document that happens only if nobody wrote since it was read. */
export interface WorldWrite {
  readonly worldId: string;
  /** null: the world must not exist yet. */
  readonly expectedVersion: number | null;
  readonly nextVersion: number;
  readonly data: string;
  readonly ttlSeconds: number | null;
  /** JSON that says how to take the change back: for the ledger of a run and for the world's history. */
  readonly undo: string;
  /** JSON that says what was done, for the history. */
  readonly ops: string;
  /** JSON of the change as it is after, for the outbox; absent when nobody reads it. */
  readonly after?: string;
}

export interface StepCommit {
  readonly owner: ResultOwner;
  readonly output: unknown;
  readonly eventData: Readonly<Record<string, unknown>>;
  readonly world?: WorldWrite;
  /** As the step left it; absent when it changed nothing. */
  readonly state?: Readonly<Record<string, unknown>>;
  readonly effects?: StepEffectsToRecord;
  /** The job's lock: a worker that has lost it to another one writes nothing any more. */
  readonly lock: JobLock | null;
  readonly nowMs: number;
}

export type CommitOutcome =
  | { readonly verdict: 'committed' }
  /** An earlier delivery got there first: this is its output, and nothing was written now. */
  | { readonly verdict: 'recorded'; readonly output: unknown }
  | { readonly verdict: 'conflict' }
  /** Somebody else holds the job by now. */
  | { readonly verdict: 'fenced' }
  /** The step was given up meanwhile: nothing was written. */
  | { readonly verdict: 'abandoned' }
  /** A key it wanted to write holds something else than a text: nothing was written. */
  | { readonly verdict: 'refused'; readonly key: string }
  | { readonly verdict: 'closed'; readonly status: string }
  | { readonly verdict: 'missing' };

const DIRECT_PATH = 'result';
export const MAX_RESULT_BYTES = 256 * 1024;

/** Errors: result_too_large (internal, never retried). */
function encodeResult(output: unknown, agent: string): string {
  const text = JSON.stringify(output);
  // A character takes three bytes at most here, so a short text needs no counting.
  if (text.length * 3 <= MAX_RESULT_BYTES) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_RESULT_BYTES) return text;
  throw new FleetError({
    code: 'result_too_large',
    kind: 'internal',
    retryable: false,
    message: `output of ${agent} takes ${bytes} bytes; at most ${MAX_RESULT_BYTES} are stored`,
  });
}

/**
 * Record a step's result, with its effects and what undoes them, at most once.
 * A run that has ended accepts nothing any more, so a late worker changes nothing.
 * Redis: one round trip.
 */
export async function commitStep(store: RedisStore, commit: StepCommit): Promise<CommitOutcome> {
  const { keys } = store;
  const { owner, world } = commit;
  const owned = owner.kind === 'run' ? owner.runId : owner.jobKey;
  // A step without effects sends nothing of them.
  const placeOfEffects = world === undefined ? 6 : 9;
  const recorded = owner.kind === 'run' ? encodeEffects(keys, owner, commit, placeOfEffects) : null;
  const reply = (await run(
    store,
    COMMIT_STEP,
    [
      keys.run(owned),
      keys.runResults(owned),
      keys.runErrors(owned),
      keys.runEvents(owned),
      commit.lock?.key ?? keys.world(NO_KEY_SUFFIX),
      ...(world === undefined
        ? []
        : [keys.world(world.worldId), keys.worldHistory(world.worldId), keys.worldOutbox()]),
      ...(recorded?.keys ?? []),
    ],
    [
      commit.nowMs,
      owner.kind === 'run' ? owner.path : DIRECT_PATH,
      owner.agent,
      encodeResult(commit.output, owner.agent),
      JSON.stringify(commit.eventData),
      owner.kind,
      owner.kind === 'direct' ? owner.keepSeconds : 0,
      commit.lock?.token ?? '',
      commit.state === undefined ? '' : JSON.stringify(commit.state),
      recorded === null ? 0 : placeOfEffects,
      world === undefined ? 0 : 1,
      ...(world === undefined ? [] : worldArgs(world, owner)),
      ...(recorded?.args ?? []),
    ],
  )) as [string, string];
  const [verdict, detail] = reply;
  switch (verdict) {
    case 'committed':
    case 'conflict':
    case 'fenced':
    case 'abandoned':
    case 'missing':
      return { verdict };
    case 'recorded':
      return { verdict, output: JSON.parse(detail) };
    case 'refused':
      return { verdict, key: detail };
    default:
      return { verdict: 'closed', status: detail };
  }
}

function worldArgs(world: WorldWrite, owner: ResultOwner): (string | number)[] {
  return [
    world.expectedVersion ?? '',
    world.nextVersion,
    world.data,
    world.ttlSeconds ?? 0,
    world.worldId,
    owner.kind === 'run' ? owner.runId : '',
    world.ops,
    world.undo,
    world.after ?? '',
  ];
}

/** The result of a direct job from an earlier delivery, or undefined. One round trip. */
export async function readDirectResult(store: RedisStore, jobKey: string): Promise<unknown> {
  const text = await store.redis.hget(store.keys.runResults(jobKey), DIRECT_PATH);
  return text === null ? undefined : JSON.parse(text);
}
