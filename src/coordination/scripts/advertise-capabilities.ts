import { defineScript } from '../../redis/script.ts';
import { CAPABILITY_LUA } from './capability-lua.ts';

/** The capabilities of an agent stand for another heartbeat. */
export const advertiseCapabilities = defineScript(
  'advertise-capabilities',
  `
-- KEYS[1] record of the agent   KEYS[2] its capabilities   KEYS[3] index hash   KEYS[4] epoch
-- ARGV[1] text form   ARGV[2] registration id   ARGV[3] heartbeat TTL in ms   ARGV[4] capabilities as JSON
-- ARGV[5] load, 0 to 1   ARGV[6] 1 when it takes work
-- Answers 1 when they changed, 0 when not, -1 when this incarnation of the agent is not registered.
${CAPABILITY_LUA}
local record = redis.call('GET', KEYS[1])
if not record or not string.find(record, '"registration_id":"' .. ARGV[2] .. '"', 1, true) then return -1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return advertise(KEYS[2], KEYS[3], KEYS[4], ARGV[1], ARGV[2], now, tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6])
`,
);
