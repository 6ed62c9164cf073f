import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA, SAVE_STATE_LUA, WRITE_AGENT_LUA } from './agent-lua.ts';
import { CAPABILITY_LUA } from './capability-lua.ts';

/** One heartbeat: record, places, state and capabilities together, unless it lost its name. */
export const beatAgent = defineScript(
  'beat-agent',
  `
-- KEYS[1] record  KEYS[2] index zset  KEYS[3] deadlines zset  KEYS[4] lost zset  KEYS[5] degraded hash  KEYS[6] state
-- KEYS[7] events stream  KEYS[8] capabilities  KEYS[9] capability index hash  KEYS[10] capability epoch
-- KEYS[11] evicted
-- ARGV[1] text form        ARGV[2] registration id      ARGV[3] time to live in ms  ARGV[4] the same in s
-- ARGV[5] rest of record   ARGV[6] its retention in ms  ARGV[7] length of events
-- ARGV[8] state, or '' when it is as it was             ARGV[9] its retention in ms
-- ARGV[10] capabilities, or '' when it advertises none   ARGV[11] load, 0 to 1   ARGV[12] 1 when it takes work
-- Answers { 'superseded', by whom }, { 'evicted', '' } or { 'beaten', why it is degraded or '', 1 when a state is saved }.
${AGENT_LUA}${WRITE_AGENT_LUA}${SAVE_STATE_LUA}${CAPABILITY_LUA}
local held = head_of(redis.call('GET', KEYS[1]))
if held and held ~= ARGV[2] then
  event(KEYS[7], ARGV[7], 'superseded', ARGV[1], ARGV[2], '{"by":"' .. held .. '"}')
  return { 'superseded', held }
end
-- A record that is merely gone is written anew.
if not held and redis.call('GET', KEYS[11]) == ARGV[2] then return { 'evicted', '' } end
local now = moment_of_beat()
if write_agent(now) and held then
  event(KEYS[7], ARGV[7], 'recovered', ARGV[1], ARGV[2], '{"from":"lost"}')
end
local saved = 1
if ARGV[8] ~= '' then save_state(KEYS[6], ARGV[2], ARGV[8], ARGV[9])
else saved = redis.call('PEXPIRE', KEYS[6], ARGV[9]) end
if ARGV[10] ~= '' then
  advertise(KEYS[8], KEYS[9], KEYS[10], ARGV[1], ARGV[2], now, tonumber(ARGV[3]), ARGV[10], ARGV[11], ARGV[12])
end
return { 'beaten', redis.call('HGET', KEYS[5], ARGV[1]) or '', saved }
`,
);
