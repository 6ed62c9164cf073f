import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA } from './agent-lua.ts';
import { CAPABILITY_LUA } from './capability-lua.ts';

/** The capabilities of an agent stand for another heartbeat. */
export const advertiseCapabilities = defineScript(
  'advertise-capabilities',
  `
-- KEYS[1] record of the agent   KEYS[2] its capabilities   KEYS[3] index hash   KEYS[4] epoch   KEYS[5] events stream
-- ARGV[1] text form   ARGV[2] registration id   ARGV[3] heartbeat TTL in ms   ARGV[4] capabilities as JSON
-- ARGV[5] load, 0 to 1   ARGV[6] 1 when it takes work   ARGV[7] details of the event
-- Answers 1 when they changed, 0 when not, -1 when this incarnation of the agent is not registered.
${AGENT_LUA}${CAPABILITY_LUA}
if head_of(redis.call('GET', KEYS[1])) ~= ARGV[2] then return -1 end
local changed = advertise(KEYS[2], KEYS[3], KEYS[4], ARGV[1], ARGV[2], now_ms(), tonumber(ARGV[3]), ARGV[4], ARGV[5],
  ARGV[6])
if changed == 1 then tell_change(KEYS[5], ARGV[1], ARGV[2], ARGV[7]) end
return changed
`,
);
