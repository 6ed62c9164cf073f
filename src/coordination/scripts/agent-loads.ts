import { defineScript } from '../../redis/script.ts';

/**
 * How much lies in the mailboxes of agents of one type, and how their last messages went. Most of these keys do not
 * exist in a large fleet, and one EXISTS says so of many.
 */
export const agentLoads = defineScript(
  'agent-loads',
  `
-- KEYS[1] index of agents, for the node of all these keys
-- ARGV[1] keys of mailboxes up to the instance   ARGV[2] keys of outcomes up to the instance   ARGV[3...] instances
-- Answers two texts with a word for each instance: how many messages wait, are delayed or reserved; and the newest
-- outcome. "?" is what could not be read, "-" is no outcome.
local GROUP = 50
local depths, outcomes = {}, {}

-- Calls found(n, answer) for each instance that has such a key.
local function each(start, suffix, found, command, ...)
  for first = 3, #ARGV, GROUP do
    local last = math.min(first + GROUP - 1, #ARGV)
    local keys = {}
    for n = first, last do keys[n - first + 1] = start .. ARGV[n] .. suffix end
    local existing = redis.call('EXISTS', unpack(keys))
    local at = 0
    while existing > 0 and at < #keys do
      at = at + 1
      local answer = redis.pcall(command, keys[at], ...)
      if answer and answer ~= 0 then found(first + at - 3, answer) end
    end
  end
end

local function add(n, count)
  if type(count) == 'table' or depths[n] == '?' then depths[n] = '?'
  else depths[n] = depths[n] + count end
end

for n = 1, #ARGV - 2 do
  depths[n] = 0
  outcomes[n] = '-'
end
each(ARGV[1], ':prioritized', add, 'ZCARD')
each(ARGV[1], ':active', add, 'LLEN')
each(ARGV[1], ':delayed', add, 'ZCARD')
each(ARGV[1], ':wait', add, 'LLEN')
each(ARGV[2], '', function(n, entry)
  outcomes[n] = type(entry) == 'string' and string.match(entry, '^[01]:%d+:%d+$') or '?'
end, 'LINDEX', 0)
return { table.concat(depths, ' '), table.concat(outcomes, ' ') }
`,
);
