import { defineScript } from '../../redis/script.ts';

/** Lines of the index whose capabilities lapsed go. What is advertised again meanwhile stays. */
export const pruneCapabilities = defineScript(
  'prune-capabilities',
  `
-- KEYS[1] index hash   KEYS[2...] capabilities of the agents
-- ARGV[1...] text forms of the agents, in the same order
-- Answers how many went.
local gone = 0
for i = 1, #ARGV do
  if redis.call('EXISTS', KEYS[i + 1]) == 0 then gone = gone + redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return gone
`,
);
