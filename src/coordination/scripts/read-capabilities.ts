import { defineScript } from '../../redis/script.ts';

/** Who advertises capabilities, as one text: it is read in a fraction of the time that thousands of short ones take. */
export const readCapabilityIndex = defineScript(
  'read-capability-index',
  `
-- KEYS[1] index hash   KEYS[2] epoch
-- Answers { ms now, epoch or '0', lines of the index with a line break in between }.
local time = redis.call('TIME')
return {
  time[1] * 1000 + math.floor(time[2] / 1000),
  redis.call('GET', KEYS[2]) or '0',
  table.concat(redis.call('HVALS', KEYS[1]), '\\n'),
}
`,
);

/** The capabilities of many agents, as one text. */
export const readCapabilities = defineScript(
  'read-capabilities',
  `
-- KEYS[1] index hash, for the node of all these keys
-- ARGV[1] keys of capabilities up to the text form   ARGV[2...] text forms
-- Answers what is stored for them in their order, with a line break in between; "-" for what is not there. JSON as we
-- write it has no line break; what somebody else wrote may have, and then there are more lines than agents.
local keys = {}
for n = 2, #ARGV do keys[n - 1] = ARGV[1] .. ARGV[n] end
local sets = redis.call('MGET', unpack(keys))
for n = 1, #keys do sets[n] = sets[n] or '-' end
return table.concat(sets, '\\n')
`,
);
