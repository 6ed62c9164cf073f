import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA, WRITE_AGENT_LUA } from './agent-lua.ts';

/** The first record of an incarnation, unless another one of the same name is alive and is not to be replaced. */
export const registerAgent = defineScript(
  'register-agent',
  `
-- KEYS[1] record  KEYS[2] index zset  KEYS[3] deadlines zset  KEYS[4] lost zset  KEYS[5] degraded hash  KEYS[6] state
-- KEYS[7] events stream  KEYS[8] rejected state
-- ARGV[1] text form        ARGV[2] registration id      ARGV[3] time to live in ms  ARGV[4] the same in s
-- ARGV[5] rest of record   ARGV[6] its retention in ms  ARGV[7] length of events
-- ARGV[8] 1 to take over   ARGV[9] 1 when the saved state cannot be restored        ARGV[10] retention of states in ms
-- ARGV[11...] events to tell: kind, details as JSON, kind, …
-- Answers { 'conflict', the record of who is there } or { 'registered', why it is degraded or '' }.
${AGENT_LUA}${WRITE_AGENT_LUA}
local record = redis.call('GET', KEYS[1])
local held, ttl = head_of(record)
if held and held ~= ARGV[2] then
  local beat = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
  if now_ms() - beat <= ttl then
    if ARGV[8] ~= '1' then return { 'conflict', record } end
  elseif redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then
    event(KEYS[7], ARGV[7], 'lost', ARGV[1], held, '{}')
  end
end
if ARGV[9] == '1' and redis.call('EXISTS', KEYS[6]) == 1 then
  redis.call('RENAME', KEYS[6], KEYS[8])
  redis.call('PEXPIRE', KEYS[8], ARGV[10])
end
-- What health said of an earlier incarnation says nothing of this one.
local mark = redis.call('HGET', KEYS[5], ARGV[1])
if mark and string.find(mark, '{"by":"health"', 1, true) == 1 then
  redis.call('HDEL', KEYS[5], ARGV[1])
  mark = nil
end
write_agent(moment_of_beat())
for i = 11, #ARGV, 2 do event(KEYS[7], ARGV[7], ARGV[i], ARGV[1], ARGV[2], ARGV[i + 1]) end
return { 'registered', mark or '' }
`,
);
