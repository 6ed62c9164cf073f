import { defineScript } from '../../../redis/script.ts';

/** Every circuit with its record and its counts; one of which neither is left is struck off. */
export const listCircuits = defineScript(
  'list-circuits',
  `
-- KEYS[1] registry set
-- ARGV[1] prefix of records   ARGV[2] prefix of probes   ARGV[3] prefix of counts
-- ARGV[4] the only name wanted, or '' for all            ARGV[5] now in ms, or '' for the time of Redis
-- Answers now, then for each name: name, record, counts, number of live probes, lapse of the first of them.
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local names = ARGV[4] ~= '' and { ARGV[4] } or redis.call('SMEMBERS', KEYS[1])
table.sort(names)
local answer = { string.format('%.0f', now) }
for _, name in ipairs(names) do
  local record = redis.call('HGETALL', ARGV[1] .. name)
  local counts = redis.call('HGETALL', ARGV[3] .. name)
  if #record == 0 and #counts == 0 then
    redis.call('SREM', KEYS[1], name)
  elseif #record > 0 or ARGV[4] == '' then
    local live = redis.call('ZRANGEBYSCORE', ARGV[2] .. name, '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')
    answer[#answer + 1] = { name, record, counts, #live / 2, live[2] or '' }
  end
end
return answer
`,
);
