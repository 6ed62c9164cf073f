import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA } from './agent-lua.ts';
import { CAPABILITY_LUA } from './capability-lua.ts';
import { SUBSCRIPTION_LUA } from './subscription-lua.ts';

/** Who fell silent, for the one process that looks; the others are told how long its turn may last. */
export const findLostAgents = defineScript(
  'find-lost-agents',
  `
-- KEYS[1] lease  KEYS[2] index zset  KEYS[3] deadlines zset  KEYS[4] lost zset  KEYS[5] degraded hash
-- ARGV[1] who asks  ARGV[2] length of a turn in ms  ARGV[3] retention of records in ms, '' when nobody asks who is to be
-- forgotten  ARGV[4] how many of each
-- Answers { ms of somebody else's turn }, or { 0, whose time ran out, whose loss is not dealt with and since
-- when, one after the other, who is to be forgotten }: text forms.
${AGENT_LUA}
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return { math.max(1, redis.call('PTTL', KEYS[1])) } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local now = now_ms()
local function due(key, before)
  return redis.call('ZRANGEBYSCORE', key, '-inf', '(' .. before, 'LIMIT', 0, ARGV[4])
end
local old = ARGV[3] ~= '' and due(KEYS[2], now - ARGV[3]) or {}
-- A mark outlives its agent, so that a restart does not clear it; but not for ever.
if ARGV[3] ~= '' and #old == 0 and redis.call('HLEN', KEYS[5]) > 0 then
  local forgotten = iso(now - ARGV[3])
  local marks = redis.call('HGETALL', KEYS[5])
  for i = 1, #marks, 2 do
    local at = string.match(marks[i + 1], ',"at":"([^"]+)"}$') or ''
    if at < forgotten and not redis.call('ZSCORE', KEYS[2], marks[i]) then redis.call('HDEL', KEYS[5], marks[i]) end
  end
end
return { 0, due(KEYS[3], now), redis.call('ZRANGE', KEYS[4], 0, ARGV[4] - 1, 'WITHSCORES'), old }
`,
);

/** An agent whose time ran out is lost, and that is told once. */
export const loseAgent = defineScript(
  'lose-agent',
  `
-- KEYS[1] record  KEYS[2] deadlines zset  KEYS[3] lost zset  KEYS[4] events stream
-- ARGV[1] text form  ARGV[2] length of events
-- Answers 1 when it is lost by this call.
${AGENT_LUA}
local now = now_ms()
local deadline = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or now)
if deadline >= now then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], now, ARGV[1])
event(KEYS[4], ARGV[2], 'lost', ARGV[1], head_of(redis.call('GET', KEYS[1])), '{}')
return 1
`,
);

/** A record that is too old goes with everything that belongs to it. */
export const forgetAgent = defineScript(
  'forget-agent',
  `
-- KEYS[1] record  KEYS[2] index zset  KEYS[3] deadlines zset  KEYS[4] lost zset  KEYS[5] outcomes
-- KEYS[6] events stream  KEYS[7] capabilities  KEYS[8] capability index hash  KEYS[9] capability epoch
-- KEYS[10] rates of its type, hash  KEYS[11] its subscriptions  KEYS[12] subscription index
-- ARGV[1] text form  ARGV[2] retention of records in ms  ARGV[3] length of events
-- Answers 1 when it went by this call.
${AGENT_LUA}${CAPABILITY_LUA}${SUBSCRIPTION_LUA}
local beat = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or math.huge)
if beat >= now_ms() - ARGV[2] then return 0 end
local held = head_of(redis.call('GET', KEYS[1]))
redis.call('DEL', KEYS[1], KEYS[5])
redis.call('HDEL', KEYS[10], instance_of(ARGV[1]))
for i = 2, 4 do redis.call('ZREM', KEYS[i], ARGV[1]) end
withdraw(KEYS[7], KEYS[8], KEYS[9], ARGV[1], now_ms())
drop_subscriptions(KEYS[11], KEYS[12])
event(KEYS[6], ARGV[3], 'deregistered', ARGV[1], held, '{"reason":"expired"}')
return 1
`,
);

/** The loss of an agent was dealt with, unless it was lost again meanwhile. */
export const settleLoss = defineScript(
  'settle-loss',
  `
-- KEYS[1] lost zset   ARGV[1] text form   ARGV[2] since when
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
`,
);
