import { defineScript } from '../../redis/script.ts';

/** Writes a handover as `Handovers` reads it. */
export const HANDOVER_LUA = `
-- Answers the handover as it is stored.
local function announce(handovers, agent, start)
  local time = redis.call('TIME')
  local handover = string.format('%s,"at":%.0f}', start, time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('HSET', handovers, agent, handover)
  return handover
end
`;

/** The messages of an agent go elsewhere from now on, by the clock of Redis. */
export const announceHandover = defineScript(
  'announce-handover',
  `
-- KEYS[1] handovers hash   ARGV[1] text form   ARGV[2] the handover as JSON without its end and its time
-- ARGV[3] the beginning of handovers that stand as they are, …
-- Answers the handover as it is stored.
${HANDOVER_LUA}
local stored = redis.call('HGET', KEYS[1], ARGV[1])
for i = 3, #ARGV do
  if stored and string.sub(stored, 1, #ARGV[i]) == ARGV[i] then return stored end
end
return announce(KEYS[1], ARGV[1], ARGV[2])
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
