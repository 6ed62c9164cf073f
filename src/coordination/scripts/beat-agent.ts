import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA, SAVE_STATE_LUA, WRITE_AGENT_LUA } from './agent-lua.ts';

/** One heartbeat: record, places, state and capabilities together, unless another incarnation took the name. */
export const beatAgent = defineScript(
  'beat-agent',
  `
-- KEYS[1] record  KEYS[2] index zset  KEYS[3] deadlines zset  KEYS[4] lost zset  KEYS[5] degraded hash  KEYS[6] state
-- KEYS[7] events stream  KEYS[8] capabilities  KEYS[9] capability index set  KEYS[10] capability epoch
-- ARGV[1] text form        ARGV[2] registration id      ARGV[3] time to live in ms  ARGV[4] the same in s
-- ARGV[5] rest of record   ARGV[6] its retention in ms  ARGV[7] length of events
-- ARGV[8] state, or '' when it is as it was             ARGV[9] its retention in ms
-- ARGV[10] capabilities, or '' when they are as they were
-- Answers { 'superseded', by whom } or { 'beaten', why it is degraded or '', 1 when a state is saved }.
${AGENT_LUA}${WRITE_AGENT_LUA}${SAVE_STATE_LUA}
local held = head_of(redis.call('GET', KEYS[1]))
if held and held ~= ARGV[2] then
  event(KEYS[7], ARGV[7], 'superseded', ARGV[1], ARGV[2], '{"by":"' .. held .. '"}')
  return { 'superseded', held }
end
if write_agent(moment_of_beat()) and held then
  event(KEYS[7], ARGV[7], 'recovered', ARGV[1], ARGV[2], '{"from":"lost"}')
end
local saved = 1
if ARGV[8] ~= '' then save_state(KEYS[6], ARGV[2], ARGV[8], ARGV[9])
else saved = redis.call('PEXPIRE', KEYS[6], ARGV[9]) end
if ARGV[10] ~= '' then
  if redis.call('EXISTS', KEYS[8]) == 0 then redis.call('INCR', KEYS[10]) end
  redis.call('SET', KEYS[8], ARGV[10], 'PX', ARGV[3])
  redis.call('SADD', KEYS[9], ARGV[1])
else redis.call('PEXPIRE', KEYS[8], ARGV[3]) end
return { 'beaten', redis.call('HGET', KEYS[5], ARGV[1]) or '', saved }
`,
);
