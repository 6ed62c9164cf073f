import { defineScript } from '../../redis/script.ts';

/** What BullMQ writes for a job that lost its worker too often, and what {@link recoverMailbox} writes. */
export const STALLED_REASON = 'job stalled more than allowable limit';

/**
 * Puts back what is reserved in a mailbox and whose reservation expired, at the front of its band, or among the
 * failed when that happened too often; and puts into its band what stands on the plain wait list, from which
 * BullMQ serves before every priority.
 *
 * BullMQ's own sweep puts expired jobs on that list and lets the caller move them afterwards: between the two, or
 * after a crash there, a LOW message overtakes HIGH ones. So this does both as one step, in BullMQ's own layout
 * (lists wait and active, zset prioritized with score priority * 2^32, fields stc and priority of the job).
 */
export const recoverMailbox = defineScript(
  'recover-mailbox',
  `
-- KEYS[1] active   KEYS[2] stalled set   KEYS[3] wait   KEYS[4] prioritized   KEYS[5] failed   KEYS[6] marker
-- KEYS[7] meta     KEYS[8] events stream
-- ARGV[1] prefix of job keys   ARGV[2] stalls allowed   ARGV[3] reason of those given up   ARGV[4] failed ids to tell
-- Answers { ids put back, ids given up, ids among the failed (those of before included) }.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function front(id, job)
  local priority = tonumber(redis.call('HGET', job, 'priority') or 0)
  if priority == 0 then
    priority = 5
    redis.call('HSET', job, 'priority', priority)
  end
  redis.call('ZADD', KEYS[4], priority * 4294967296, id)
end
local function event(name, id, ...)
  redis.call('XADD', KEYS[8], 'MAXLEN', '~', 1000, '*', 'event', name, 'jobId', id, ...)
end
local function stalls_before(job)
  local parsed, data = pcall(cjson.decode, redis.call('HGET', job, 'data') or '')
  if parsed and type(data) == 'table' and type(data.stalls) == 'number' then return data.stalls end
  return 0
end

local back, given_up = {}, {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  if redis.call('EXISTS', job .. ':lock') == 0 then
    redis.call('LREM', KEYS[1], 1, id)
    redis.call('SREM', KEYS[2], id)
    if redis.call('EXISTS', job) == 1 then
      local stalls = redis.call('HINCRBY', job, 'stc', 1) + stalls_before(job)
      if stalls > tonumber(ARGV[2]) then
        redis.call('HSET', job, 'failedReason', ARGV[3], 'finishedOn', now)
        redis.call('ZADD', KEYS[5], now, id)
        event('failed', id, 'failedReason', ARGV[3], 'prev', 'active')
        given_up[#given_up + 1] = id
      else
        front(id, job)
        event('waiting', id, 'prev', 'active')
        event('stalled', id)
        back[#back + 1] = id
      end
    end
  end
end

local astray = redis.call('LRANGE', KEYS[3], 0, -1)
for _, id in ipairs(astray) do
  redis.call('LREM', KEYS[3], 1, id)
  local job = ARGV[1] .. id
  if redis.call('EXISTS', job) == 1 then front(id, job) end
end

if #back + #astray > 0 and redis.call('HEXISTS', KEYS[7], 'paused') == 0 then
  redis.call('ZADD', KEYS[6], 0, '0')
end
return { back, given_up, redis.call('ZRANGE', KEYS[5], 0, tonumber(ARGV[4]) - 1) }
`,
);
