import { defineScript } from '../../redis/script.ts';

/** The last step of dead-lettering: the failed message goes, if it is still claimed by who asks. */
export const removeFailed = defineScript(
  'remove-failed',
  `
-- KEYS[1] claim   KEYS[2] failed zset   KEYS[3] the job   ARGV[1] token of the claim   ARGV[2] job id
-- Answers 1 when it was removed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if redis.call('ZREM', KEYS[2], ARGV[2]) == 0 then return 0 end
redis.call('DEL', KEYS[3], KEYS[3] .. ':logs')
return 1
`,
);

/** Gives up a claim that is still held. */
export const dropClaim = defineScript(
  'drop-claim',
  `
-- KEYS[1] claim   ARGV[1] token
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`,
);

/** Sets aside, among the failed, what somebody reserved and nobody can handle. It counts no attempt. */
export const setAside = defineScript(
  'set-aside-message',
  `
-- KEYS[1] active   KEYS[2] failed zset   KEYS[3] events stream   ARGV[1] prefix of job keys   ARGV[2] token of the reservation   ARGV[3] reason
-- Answers the job id, or nil.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  if redis.call('GET', job .. ':lock') == ARGV[2] then
    redis.call('DEL', job .. ':lock')
    redis.call('LREM', KEYS[1], 1, id)
    redis.call('HSET', job, 'failedReason', ARGV[3], 'finishedOn', now)
    redis.call('ZADD', KEYS[2], now, id)
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', 1000, '*', 'event', 'failed', 'jobId', id,
      'failedReason', ARGV[3], 'prev', 'active')
    return id
  end
end
return nil
`,
);

/** Takes one particular message out of a mailbox, unless somebody has it already. */
export const takeMessage = defineScript(
  'take-message',
  `
-- KEYS[1] prioritized   KEYS[2] the job   ARGV[1] job id
-- Answers its data, or nil.
local data = redis.call('HGET', KEYS[2], 'data')
if not data or redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return nil end
redis.call('DEL', KEYS[2], KEYS[2] .. ':logs')
return data
`,
);
