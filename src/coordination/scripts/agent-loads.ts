import { defineScript } from '../../redis/script.ts';

/**
 * How much lies in the mailboxes of agents of one type, and how their last messages went. Most mailboxes of a large
 * fleet are empty, and one EXISTS says so.
 */
export const agentLoads = defineScript(
  'agent-loads',
  `
-- KEYS[1] index of agents, for the node of all these keys
-- ARGV[1] keys of mailboxes up to the instance   ARGV[2] keys of outcomes up to the instance   ARGV[3...] instances
-- Answers two texts with a word for each instance: how many messages wait, are delayed or reserved; and the newest
-- outcome. "?" is what could not be read, "-" is no outcome.
local depths, outcomes = {}, {}

local function depth(mailbox)
  local sum = 0
  for _, count in ipairs({
    redis.pcall('LLEN', mailbox .. ':wait'), redis.pcall('ZCARD', mailbox .. ':prioritized'),
    redis.pcall('ZCARD', mailbox .. ':delayed'), redis.pcall('LLEN', mailbox .. ':active'),
  }) do
    if type(count) == 'table' then return '?' end
    sum = sum + count
  end
  return sum
end

local function newest(key)
  local entry = redis.pcall('LINDEX', key, 0)
  if type(entry) == 'table' then return '?' end
  if not entry then return '-' end
  return string.match(entry, '^[01]:%d+:%d+$') or '?'
end

for n = 3, #ARGV do
  local mailbox = ARGV[1] .. ARGV[n]
  local history = ARGV[2] .. ARGV[n]
  local found = redis.call('EXISTS', mailbox .. ':wait', mailbox .. ':prioritized', mailbox .. ':delayed',
    mailbox .. ':active', history)
  depths[n - 2] = found == 0 and 0 or depth(mailbox)
  outcomes[n - 2] = found == 0 and '-' or newest(history)
end
return { table.concat(depths, ' '), table.concat(outcomes, ' ') }
`,
);
