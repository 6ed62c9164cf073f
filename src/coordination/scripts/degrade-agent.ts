import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA } from './agent-lua.ts';

/** Says of an agent that it is degraded, or takes it back. What an operator said health does not change. */
export const degradeAgent = defineScript(
  'degrade-agent',
  `
-- KEYS[1] record  KEYS[2] degraded hash  KEYS[3] events stream
-- ARGV[1] text form  ARGV[2] 1 to degrade, 0 to take it back  ARGV[3] operator or health
-- ARGV[4] members of the mark without who and when  ARGV[5] length of events
-- ARGV[6] registration id that must be there, or '' for whoever is
-- Answers 'unknown', 'unchanged' or 'changed'.
${AGENT_LUA}
local held = head_of(redis.call('GET', KEYS[1]))
if not held or (ARGV[6] ~= '' and held ~= ARGV[6]) then return 'unknown' end
local mark = redis.call('HGET', KEYS[2], ARGV[1])
local by_operator = mark and string.find(mark, '{"by":"operator"', 1, true) == 1
if by_operator and ARGV[3] == 'health' then return 'unchanged' end
local by = '{"by":"' .. ARGV[3] .. '",'
if ARGV[2] == '0' then
  if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then return 'unchanged' end
  event(KEYS[3], ARGV[5], 'undegraded', ARGV[1], held, by .. ARGV[4])
  return 'changed'
end
-- The moment stands last: a mark that says the same is the same.
local says = by .. string.sub(ARGV[4], 1, -2)
if mark and string.sub(mark, 1, #says + 1) == says .. ',' then return 'unchanged' end
redis.call('HSET', KEYS[2], ARGV[1], says .. ',"at":"' .. iso(now_ms()) .. '"}')
event(KEYS[3], ARGV[5], 'degraded', ARGV[1], held, by .. ARGV[4])
return 'changed'
`,
);
