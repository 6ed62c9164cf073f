import { defineScript } from '../../redis/script.ts';

/*
 * One budget on one UTC day. The hash holds `spent` and `reserved` in micro-USD, `r:<id>` per reservation with its
 * amount or `settled`, and `alerted` once the alert was given. The sorted set says when a reservation lapses, and
 * when it is forgotten that it was settled: until then a settlement that is sent twice counts once.
 */
const LUA_BUDGET = `
local budget, holds = KEYS[1], KEYS[2]
local function amount(field) return tonumber(redis.call('HGET', budget, field) or '0') end
local function lapse(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', holds, '-inf', now)) do
    local held = redis.call('HGET', budget, 'r:' .. id)
    if held and held ~= 'settled' then redis.call('HINCRBY', budget, 'reserved', '-' .. held) end
    redis.call('HDEL', budget, 'r:' .. id)
  end
  redis.call('ZREMRANGEBYSCORE', holds, '-inf', now)
end
local function keep(seconds)
  redis.call('EXPIRE', budget, seconds)
  redis.call('EXPIRE', holds, seconds)
end
`;

/**
 * KEYS  1 budget, 2 holds
 * ARGV  1 reservation id, 2 estimate, 3 daily limit, 4 now, 5 lapses at, 6 seconds to keep
 * Returns { admitted 1 or 0, spent, reserved }; both amounts without the estimate when it is refused
 */
export const RESERVE = defineScript(
  'budget-reserve',
  `${LUA_BUDGET}
lapse(ARGV[4])
local field = 'r:' .. ARGV[1]
if redis.call('HEXISTS', budget, field) == 0 then
  if amount('spent') + amount('reserved') + tonumber(ARGV[2]) > tonumber(ARGV[3]) then
    return { 0, amount('spent'), amount('reserved') }
  end
  redis.call('HINCRBY', budget, 'reserved', ARGV[2])
  redis.call('HSET', budget, field, ARGV[2])
  redis.call('ZADD', holds, ARGV[5], ARGV[1])
  keep(ARGV[6])
end
return { 1, amount('spent'), amount('reserved') }
`,
);

/**
 * KEYS  1 budget, 2 holds
 * ARGV  1 reservation id, 2 actual amount, 3 now, 4 forget the settlement at, 5 alert from this amount or -1,
 *       6 seconds to keep
 * Returns { alert 1 or 0, spent, reserved }; a reservation that has lapsed is charged all the same
 */
export const SETTLE = defineScript(
  'budget-settle',
  `${LUA_BUDGET}
lapse(ARGV[3])
local field = 'r:' .. ARGV[1]
local held = redis.call('HGET', budget, field)
local alert = 0
if held ~= 'settled' then
  if held then redis.call('HINCRBY', budget, 'reserved', '-' .. held) end
  redis.call('HINCRBY', budget, 'spent', ARGV[2])
  redis.call('HSET', budget, field, 'settled')
  redis.call('ZADD', holds, ARGV[4], ARGV[1])
  local limit = tonumber(ARGV[5])
  if limit >= 0 and amount('spent') >= limit then alert = redis.call('HSETNX', budget, 'alerted', ARGV[3]) end
  keep(ARGV[6])
end
return { alert, amount('spent'), amount('reserved') }
`,
);

/**
 * KEYS  one hash per group: model, user, workflow
 * ARGV  1 input tokens, 2 output tokens, 3 micro-USD, 4 seconds to keep, 5… what the call belongs to in each group
 */
export const RECORD_COST = defineScript(
  'cost-record',
  `
for index, costs in ipairs(KEYS) do
  local who = ARGV[index + 4]
  redis.call('HINCRBY', costs, 'requests:' .. who, 1)
  redis.call('HINCRBY', costs, 'input_tokens:' .. who, ARGV[1])
  redis.call('HINCRBY', costs, 'output_tokens:' .. who, ARGV[2])
  redis.call('HINCRBY', costs, 'micro_usd:' .. who, ARGV[3])
  redis.call('EXPIRE', costs, ARGV[4])
end
return 1
`,
);
