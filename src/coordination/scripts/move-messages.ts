import { defineScript } from '../../redis/script.ts';

/**
 * Moves messages that wait or are delayed from one mailbox to another, each with everything BullMQ knows of it:
 * the hash of the job is renamed, so payload, attempts, stalls and history stay as they are. One that is delayed
 * keeps the moment at which it is due; one that waits goes to the end of its band, in the order given here.
 *
 * All of it is one step: a message is in one of the two mailboxes at any moment, and never in both. Its layout is
 * that of BullMQ (zset prioritized with score priority * 2^32 + counter, zset delayed with score due * 2^12).
 */
export const moveMessages = defineScript(
  'move-messages',
  `
-- KEYS[1] prioritized   KEYS[2] delayed   KEYS[3] meta   KEYS[4] events   (of the source)
-- KEYS[5] prioritized   KEYS[6] delayed   KEYS[7] meta   KEYS[8] events   KEYS[9] marker   KEYS[10] counter   (of the target)
-- KEYS[11] mailboxes set
-- ARGV[1] prefix of job keys of the source   ARGV[2] of the target   ARGV[3] text form of the target
-- ARGV[4] 1 when the data of what was moved are wanted   ARGV[5...] job ids
-- Answers { state, moved: data or '' and attempts in turn, ids that stay because the target has another message of theirs,
-- how many were in the target already }. The state is 'moved', or 'paused' when the source is, and nothing was done.
if redis.call('HEXISTS', KEYS[3], 'paused') == 1 then return { 'paused', {}, {}, 0 } end
redis.call('SADD', KEYS[11], ARGV[3])

local function enqueue_id(job)
  local parsed, data = pcall(cjson.decode, redis.call('HGET', job, 'data') or '')
  return parsed and type(data) == 'table' and data.enqueue_id or nil
end
local function leave(id)
  redis.call('ZREM', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 1000, '*', 'event', 'removed', 'jobId', id)
end
local function arrive(name, id)
  redis.call('XADD', KEYS[8], 'MAXLEN', '~', 1000, '*', 'event', name, 'jobId', id)
end

local moved, stay, known = {}, {}, 0
local waiting, delayed = false, false
for i = 5, #ARGV do
  local id = ARGV[i]
  local from, to = ARGV[1] .. id, ARGV[2] .. id
  local due = redis.call('ZSCORE', KEYS[2], id)
  -- Somebody may have taken it meanwhile.
  if (due or redis.call('ZSCORE', KEYS[1], id)) and redis.call('EXISTS', from) == 1 then
    if redis.call('EXISTS', to) == 1 then
      local own = enqueue_id(from)
      if own and own == enqueue_id(to) then
        leave(id)
        redis.call('DEL', from, from .. ':logs')
        known = known + 1
      else
        stay[#stay + 1] = id
      end
    else
      redis.call('RENAME', from, to)
      if due then
        redis.call('ZADD', KEYS[6], due, id)
        arrive('delayed', id)
        delayed = true
      else
        local priority = tonumber(redis.call('HGET', to, 'priority') or 0)
        if priority == 0 then
          priority = 5
          redis.call('HSET', to, 'priority', priority)
        end
        local counter = redis.call('INCR', KEYS[10])
        redis.call('ZADD', KEYS[5], priority * 4294967296 + counter % 4294967296, id)
        arrive('waiting', id)
        waiting = true
      end
      leave(id)
      moved[#moved + 1] = ARGV[4] == '1' and redis.call('HGET', to, 'data') or ''
      moved[#moved + 1] = redis.call('HGET', to, 'atm') or '0'
    end
  end
end

if delayed then
  local first = redis.call('ZRANGE', KEYS[6], 0, 0, 'WITHSCORES')
  redis.call('ZADD', KEYS[9], tonumber(first[2]) / 4096, '1')
end
if waiting and redis.call('HEXISTS', KEYS[7], 'paused') == 0 then redis.call('ZADD', KEYS[9], 0, '0') end
return { 'moved', moved, stay, known }
`,
);
