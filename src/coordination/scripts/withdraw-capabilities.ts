import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA } from './agent-lua.ts';
import { CAPABILITY_LUA } from './capability-lua.ts';

/** The capabilities of an agent are gone. */
export const withdrawCapabilities = defineScript(
  'withdraw-capabilities',
  `
-- KEYS[1] its capabilities   KEYS[2] index hash   KEYS[3] epoch   KEYS[4] events stream
-- ARGV[1] text form   ARGV[2] registration id whose capabilities they must be, or '' for anyone's   ARGV[3] details of the event
-- Answers 1 when there were any, else 0.
${AGENT_LUA}${CAPABILITY_LUA}
local line = redis.call('HGET', KEYS[2], ARGV[1])
if line and ARGV[2] ~= '' and string.match(line, '%S+$') ~= string.sub(ARGV[2], 1, 8) then return 0 end
if withdraw(KEYS[1], KEYS[2], KEYS[3], ARGV[1], now_ms()) == 0 then return 0 end
tell_change(KEYS[4], ARGV[1], ARGV[2], ARGV[3])
return 1
`,
);
