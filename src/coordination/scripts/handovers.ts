import { defineScript } from '../../redis/script.ts';

/** The messages of an agent go elsewhere from now on, by the clock of Redis. */
export const announceHandover = defineScript(
  'announce-handover',
  `
-- KEYS[1] handovers hash   ARGV[1] text form   ARGV[2] the handover as JSON without its end and its time
-- Answers the handover as it is stored.
local time = redis.call('TIME')
local handover = string.format('%s,"at":%.0f}', ARGV[2], time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], ARGV[1], handover)
return handover
`,
);

/** Ends a handover that is over, unless it was announced anew. */
export const dropHandover = defineScript(
  'drop-handover',
  `
-- KEYS[1] handovers hash   ARGV[1] text form   ARGV[2] the handover as it was read
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
`,
);
