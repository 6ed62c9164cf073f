import { assertNever } from '../kernel/errors.ts';
import type { RunId } from '../kernel/ids.ts';
import type { RedisClient } from '../redis/connect.ts';
import { defineScript, runScript, type Script, type ScriptValue } from '../redis/script.ts';
import { bounded } from './bounded.ts';
import type { Claim, IdempotencyStore, StoredOutcome } from './idempotency.ts';

const TTL_MS = 24 * 60 * 60 * 1000;
const STALE_AFTER_MS = 10_000;

/*
 * KEYS[1] hash: fp, run_id, owner, at (epoch ms of the last sign of life; 0 = released), about (session or run, or ''),
 *         outcome (JSON, when done)
 * ARGV[1] fingerprint  ARGV[2] owner  ARGV[3] run id  ARGV[4] stale after ms  ARGV[5] ttl ms  ARGV[6] about
 * Returns {'claimed', run id} | {'done', outcome} | {'in_flight'} | {'mismatch'}
 */
const CLAIM = defineScript(
  'idempotency-claim',
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HSETNX', KEYS[1], 'fp', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'run_id', ARGV[3], 'owner', ARGV[2], 'at', now, 'about', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return {'claimed', ARGV[3]}
end
local known = redis.call('HMGET', KEYS[1], 'fp', 'run_id', 'at', 'outcome')
if known[1] ~= ARGV[1] then return {'mismatch'} end
if known[4] then return {'done', known[4]} end
if now - tonumber(known[3]) < tonumber(ARGV[4]) then return {'in_flight'} end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'at', now)
return {'claimed', known[2]}
`,
);

/*
 * Writes fields of a claim that is still ours.
 * KEYS[1] hash  ARGV[1] owner  ARGV[2] field ('at' with an empty value means now)  ARGV[3] value
 */
const UPDATE = defineScript(
  'idempotency-update',
  `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
local value = ARGV[3]
if value == '' then
  local time = redis.call('TIME')
  value = time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('HSET', KEYS[1], ARGV[2], value)
return 1
`,
);

/** Claims in Redis. `staleAfterMs`: how long a claim without a sign of life is respected (10 s). */
export function createRedisIdempotency(
  redis: RedisClient,
  keyOf: (hash: string) => string,
  staleAfterMs: number = STALE_AFTER_MS,
): IdempotencyStore {
  const run = (script: Script, id: string, args: (string | number)[]): Promise<ScriptValue> =>
    bounded(runScript(redis, script, [keyOf(id)], args));
  return {
    async claim(id, { fingerprint, owner, runId, about }) {
      return toClaim(await run(CLAIM, id, [fingerprint, owner, runId, staleAfterMs, TTL_MS, about]));
    },
    async renew(id, owner) {
      await run(UPDATE, id, [owner, 'at', '']);
    },
    async finish(id, owner, outcome) {
      await run(UPDATE, id, [owner, 'outcome', JSON.stringify(outcome)]);
    },
    async release(id, owner) {
      await run(UPDATE, id, [owner, 'at', '0']);
    },
  };
}

/** The script answers in one of the four forms listed above it. */
function toClaim(reply: ScriptValue): Claim {
  const [state, value] = reply as [Claim['state'], string];
  switch (state) {
    case 'claimed':
      return { state, runId: value as RunId };
    case 'done':
      return { state, outcome: JSON.parse(value) as StoredOutcome };
    case 'in_flight':
    case 'mismatch':
      return { state };
    default:
      return assertNever(state, 'answer of the claim script');
  }
}
