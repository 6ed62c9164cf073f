import { addPrioritizedJob } from 'bullmq/dist/cjs/scripts/addPrioritizedJob-9.js';
import { defineScript } from '../../redis/script.ts';

/** How many keys and arguments BullMQ's own script takes; ours come after them. */
export const ADD_KEYS = addPrioritizedJob.keys;
export const ADD_ARGUMENTS = 3;

/**
 * Put a message into a mailbox: admission, BullMQ's own script for adding a job, and the audit, as one. So the
 * limit is exact however many send at once, and a sender that dies leaves a message or nothing.
 */
export const postMessage = defineScript(
  'post-message',
  `
-- KEYS[1...9] and ARGV[1...3] are those of BullMQ's addPrioritizedJob: [4] prioritized, [5] delayed, [7] active
-- KEYS[10] mailboxes set   KEYS[11] the job          KEYS[12] failed zset   KEYS[13] wait list
-- KEYS[14] audit stream    KEYS[15] reply key
-- ARGV[4] queue size       ARGV[5] job id            ARGV[6] enqueue id     ARGV[7] text form of the mailbox
-- ARGV[8] audit length, 0 for none   ARGV[9] reply channel
-- ARGV[10] id of the request that is answered, or '' ARGV[11...] fields of the audit entry without its event
-- Answers { 'sent' | 'duplicate' | 'full' | 'failed', 1 when the audit could be written }; 'failed' when the last
-- message of this id is not yet a dead letter.
local function add(KEYS, ARGV)
${addPrioritizedJob.content}
end

local function audit(event)
  if ARGV[8] == '0' then return 1 end
  local entry = { 'event', event }
  for i = 11, #ARGV do entry[#entry + 1] = ARGV[i] end
  local written = redis.pcall('XADD', KEYS[14], 'MAXLEN', '~', ARGV[8], '*', unpack(entry))
  if type(written) == 'table' and written.err then return 0 end
  return 1
end

redis.call('SADD', KEYS[10], ARGV[7])
local data = redis.call('HGET', KEYS[11], 'data')
if data then
  if redis.call('ZSCORE', KEYS[12], ARGV[5]) then return { 'failed', 1 } end
  -- The same envelope again: whoever sends it did not hear the first answer.
  local isOurs = string.find(data, '"enqueue_id":"' .. ARGV[6] .. '"', 1, true)
  local outcome = isOurs and 'sent' or 'duplicate'
  return { outcome, audit(outcome) }
end
local depth = redis.call('LLEN', KEYS[13]) + redis.call('ZCARD', KEYS[4])
  + redis.call('ZCARD', KEYS[5]) + redis.call('LLEN', KEYS[7])
if depth >= tonumber(ARGV[4]) then return { 'full', 1 } end
add({ unpack(KEYS, 1, 9) }, { unpack(ARGV, 1, 3) })
if ARGV[10] ~= '' then
  redis.call('SET', KEYS[15], ARGV[5], 'PX', 60000)
  redis.call('PUBLISH', ARGV[9], ARGV[10])
end
return { 'sent', audit('sent') }
`,
);
