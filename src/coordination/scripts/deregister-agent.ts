import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA, SAVE_STATE_LUA } from './agent-lua.ts';
import { CAPABILITY_LUA } from './capability-lua.ts';
import { HANDOVER_LUA } from './handovers.ts';
import { SUBSCRIPTION_LUA } from './subscription-lua.ts';

/** An incarnation goes with everything but its state, unless another one has taken its name. */
export const deregisterAgent = defineScript(
  'deregister-agent',
  `
-- KEYS[1] record  KEYS[2] index zset  KEYS[3] deadlines zset  KEYS[4] lost zset  KEYS[5] outcomes  KEYS[6] state
-- KEYS[7] events stream  KEYS[8] capabilities  KEYS[9] capability index hash  KEYS[10] capability epoch
-- KEYS[11] evicted  KEYS[12] rates of its type, hash  KEYS[13] its subscriptions  KEYS[14] subscription index
-- KEYS[15] handovers hash
-- ARGV[1] text form  ARGV[2] registration id  ARGV[3] details of the event
-- ARGV[4] state, or '' when it is as it was   ARGV[5] its retention in ms  ARGV[6] length of events
-- ARGV[7] how long in ms its own heartbeats must not bring it back, or '' when they have ended. Who may still beat does
-- not hand over its messages either.
-- Answers 1 when it went, 0 when there was nothing of this incarnation.
${AGENT_LUA}${SAVE_STATE_LUA}${CAPABILITY_LUA}${SUBSCRIPTION_LUA}${HANDOVER_LUA}
local held = head_of(redis.call('GET', KEYS[1]))
if held ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1], KEYS[5])
redis.call('HDEL', KEYS[12], instance_of(ARGV[1]))
for i = 2, 4 do redis.call('ZREM', KEYS[i], ARGV[1]) end
withdraw(KEYS[8], KEYS[9], KEYS[10], ARGV[1], now_ms())
drop_subscriptions(KEYS[13], KEYS[14])
if ARGV[4] ~= '' then save_state(KEYS[6], ARGV[2], ARGV[4], ARGV[5])
else redis.call('PEXPIRE', KEYS[6], ARGV[5]) end
if ARGV[7] ~= '' then
  redis.call('SET', KEYS[11], ARGV[2], 'PX', ARGV[7])
  announce(KEYS[15], ARGV[1], '{"reason":"deregistered","registration_id":"' .. ARGV[2] .. '"')
end
event(KEYS[7], ARGV[6], 'deregistered', ARGV[1], ARGV[2], ARGV[3])
return 1
`,
);
