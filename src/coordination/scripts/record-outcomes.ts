import { defineScript } from '../../redis/script.ts';

/**
 * Adds outcomes of agents to the windows of their last ones. Each entry carries how many of the window were successes
 * as it came in. The rates of a type stand together, so that who chooses among many agents asks once for all of them.
 */
export const recordOutcomes = defineScript(
  'record-outcomes',
  `
-- KEYS[2n-1] outcomes of an agent   KEYS[2n] rates of its type, hash
-- ARGV[1] size of the window   ARGV[2] ms for which the last outcomes are kept
-- ARGV[2n+1] instance of the agent   ARGV[2n+2] its new outcomes, the oldest first: 1 a success, 0 a failure
-- An entry is "outcome:successes:outcomes", the last two of the window with it; a rate is "successes:outcomes:until",
-- with "?" for what cannot be counted.
-- Answers how many agents have something else under a key; the others are told all the same.
local window, kept = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
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

-- Answers the rate after them.
local function add(key, newest, outcomes)
  local successes, count = tally(key, newest)
  for outcome in string.gmatch(outcomes, '[01]') do
    while count >= window do
      if string.sub(redis.call('RPOP', key), 1, 1) == '1' then successes = successes - 1 end
      count = count - 1
    end
    successes = successes + tonumber(outcome)
    count = count + 1
    redis.call('LPUSH', key, outcome .. ':' .. successes .. ':' .. count)
  end
  redis.call('PEXPIRE', key, kept)
  return string.format('%d:%d:%.0f', successes, count, now + kept)
end

-- Rates lapse with their lists. Of the others of the type three are looked at, so that none stays for long.
local function sweep(rates)
  local some = redis.call('HRANDFIELD', rates, 3, 'WITHVALUES')
  for i = 1, #some, 2 do
    local lapses = tonumber(string.match(some[i + 1], ':(%d+)$') or 0)
    if lapses <= now then redis.call('HDEL', rates, some[i]) end
  end
end

local swept = {}
for n = 1, #KEYS / 2 do
  local list, rates, instance = KEYS[2 * n - 1], KEYS[2 * n], ARGV[2 * n + 1]
  local newest = redis.pcall('LINDEX', list, 0)
  local is_window = type(newest) ~= 'table'
  local rate = is_window and add(list, newest, ARGV[2 * n + 2]) or string.format('?:?:%.0f', now + kept)
  local set = redis.pcall('HSET', rates, instance, rate)
  if not is_window or type(set) == 'table' then unreadable = unreadable + 1 end
  if type(set) ~= 'table' and not swept[rates] then
    swept[rates] = true
    redis.call('PEXPIRE', rates, kept)
    sweep(rates)
  end
end
return unreadable
`,
);
