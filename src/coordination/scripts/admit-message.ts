import { defineScript } from '../../redis/script.ts';

/**
 * Whether a message may be put into a mailbox. Who may gets a ticket, which counts as a message until its job
 * exists; so any number of senders together stay within the limit, and none is refused before it is reached.
 */
export const admitMessage = defineScript(
  'admit-message',
  `
-- KEYS[1] tickets zset   KEYS[2] mailboxes set   KEYS[3] the job   KEYS[4] failed zset of the mailbox
-- KEYS[5] wait list      KEYS[6] prioritized     KEYS[7] delayed   KEYS[8] active
-- ARGV[1] queue size     ARGV[2] job id          ARGV[3] ticket: job id, "|", enqueue id
-- ARGV[4] ticket's life in ms                    ARGV[5] prefix of job keys   ARGV[6] text form of the mailbox
-- Answers 'admitted', 'full', 'duplicate', or 'failed' when its last message of this id is not yet a dead letter.
redis.call('SADD', KEYS[2], ARGV[6])
if redis.call('EXISTS', KEYS[3]) == 1 then
  if redis.call('ZSCORE', KEYS[4], ARGV[2]) then return 'failed' end
  return 'duplicate'
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local size = tonumber(ARGV[1])
local depth = redis.call('LLEN', KEYS[5]) + redis.call('ZCARD', KEYS[6])
  + redis.call('ZCARD', KEYS[7]) + redis.call('LLEN', KEYS[8])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
-- Near the limit: tickets of one id are one message, and those whose message is in its mailbox are counted already.
if depth + redis.call('ZCARD', KEYS[1]) >= size then
  if depth >= size then return 'full' end
  local seen = { [ARGV[2]] = true }
  local open = 0
  for _, ticket in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local id = string.match(ticket, '^(.*)|')
    if not seen[id] then
      seen[id] = true
      if redis.call('EXISTS', ARGV[5] .. id) == 0 then open = open + 1 end
    end
  end
  if depth + open >= size then return 'full' end
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[4]), ARGV[3])
return 'admitted'
`,
);
