import { defineScript } from '../../redis/script.ts';

/**
 * How much lies in the mailboxes of agents of one type, and how their last messages went. Either most of these keys do
 * not exist, and one EXISTS says so of many; or most do, and each is counted at once.
 */
export const agentLoads = defineScript(
  'agent-loads',
  `
-- KEYS[1] rates of the type, hash
-- ARGV[1] keys of mailboxes up to the instance   ARGV[2...] instances
-- Answers ms now and two texts with a word for each instance: how many messages wait, are delayed or reserved; and its
-- rate. "?" is what could not be read, "-" is no outcome.
local GROUP = 50
local count = #ARGV - 1
local depths = {}

local function add(n, found)
  if type(found) == 'table' or depths[n] == '?' then depths[n] = '?'
  else depths[n] = depths[n] + found end
end

local function each(suffix, command)
  local is_dense = false
  for first = 1, count, GROUP do
    local last = math.min(first + GROUP - 1, count)
    local existing = GROUP
    if not is_dense then
      local keys = {}
      for n = first, last do keys[n - first + 1] = ARGV[1] .. ARGV[n + 1] .. suffix end
      existing = redis.call('EXISTS', unpack(keys))
    end
    local n, found = first, 0
    while found < existing and n <= last do
      local answer = redis.pcall(command, ARGV[1] .. ARGV[n + 1] .. suffix)
      if answer ~= 0 then
        add(n, answer)
        found = found + 1
      end
      n = n + 1
    end
    is_dense = found * 2 > GROUP
  end
end

for n = 1, count do depths[n] = 0 end
each(':prioritized', 'ZCARD')
each(':active', 'LLEN')
each(':delayed', 'ZCARD')
-- Messages have a priority: the plain wait list has only what a stranger put there, until the next sweep puts it right.
local rates = redis.pcall('HMGET', KEYS[1], unpack(ARGV, 2))
local is_readable = rates.err == nil
for n = 1, count do
  local rate = is_readable and (rates[n] or '-') or '?'
  rates[n] = string.match(rate, '^[%d:-]+$') or '?'
end
local time = redis.call('TIME')
return { time[1] * 1000 + math.floor(time[2] / 1000), table.concat(depths, ' '), table.concat(rates, ' ', 1, count) }
`,
);
