import { defineScript } from '../../redis/script.ts';

/** How many messages recover-mailbox would put back, by the same rules; changes nothing. */
export const countExpired = defineScript(
  'count-expired',
  `
-- KEYS[1] active
-- ARGV[1] prefix of job keys   ARGV[2] stalls allowed
-- Answers the number of messages.
local function stalls_before(job)
  local parsed, data = pcall(cjson.decode, redis.call('HGET', job, 'data') or '')
  if parsed and type(data) == 'table' and type(data.stalls) == 'number' then return data.stalls end
  return 0
end

local count = 0
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  if redis.call('EXISTS', job) == 1 and redis.call('EXISTS', job .. ':lock') == 0 then
    local stalls = tonumber(redis.call('HGET', job, 'stc') or 0) + 1 + stalls_before(job)
    if stalls <= tonumber(ARGV[2]) then count = count + 1 end
  end
end
return count
`,
);
