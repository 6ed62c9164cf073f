import { defineScript } from '../../redis/script.ts';

/**
 * Adds outcomes of agents to the windows of their last ones. Each entry carries how many of the window were successes
 * as it came in, so who wants the rate reads one entry and not the window, and nothing stands beside the list
 * that could differ from it.
 */
export const recordOutcomes = defineScript(
  'record-outcomes',
  `
-- KEYS[n] outcomes of an agent   ARGV[1] size of the window   ARGV[2] ms for which the last outcomes are kept
-- ARGV[2+n] its new outcomes, the oldest first: 1 a success, 0 a failure
-- An entry is "outcome:successes:outcomes", the last two of the window with it.
-- Answers how many agents have something else under their key; the others are told all the same.
local window = tonumber(ARGV[1])
local unreadable = 0

local function tally(key, newest)
  if not newest then return 0, 0 end
  local successes = string.match(newest, '^[01]:(%d+):%d+$')
  if successes then return tonumber(successes), redis.call('LLEN', key) end
  local count = 0
  local entries = redis.call('LRANGE', key, 0, -1)
  for _, entry in ipairs(entries) do
    if string.sub(entry, 1, 1) == '1' then count = count + 1 end
  end
  return count, #entries
end

for n, key in ipairs(KEYS) do
  local newest = redis.pcall('LINDEX', key, 0)
  if type(newest) == 'table' then
    unreadable = unreadable + 1
  else
    local successes, count = tally(key, newest)
    for outcome in string.gmatch(ARGV[2 + n], '[01]') do
      while count >= window do
        if string.sub(redis.call('RPOP', key), 1, 1) == '1' then successes = successes - 1 end
        count = count - 1
      end
      successes = successes + tonumber(outcome)
      count = count + 1
      redis.call('LPUSH', key, outcome .. ':' .. successes .. ':' .. count)
    end
    redis.call('PEXPIRE', key, ARGV[2])
  end
end
return unreadable
`,
);
