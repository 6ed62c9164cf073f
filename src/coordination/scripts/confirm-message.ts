import { defineScript } from '../../redis/script.ts';

/**
 * What became of a message after BullMQ's add, which says nothing when the id exists: ours, or somebody else's.
 * The ticket goes, and whoever waits for an answer is told. The audit is written here, and its failure is told.
 */
export const confirmMessage = defineScript(
  'confirm-message',
  `
-- KEYS[1] tickets zset   KEYS[2] the job   KEYS[3] failed zset   KEYS[4] audit stream   KEYS[5] reply key
-- ARGV[1] ticket         ARGV[2] enqueue id          ARGV[3] job id        ARGV[4] audit length, 0 for none
-- ARGV[5] reply channel  ARGV[6] id of the request that is answered, or '' ARGV[7] queue
-- ARGV[8...] fields of the audit entry without its event
-- Answers { 'sent' | 'duplicate' | 'failed', 1 when the audit could be written }.
redis.call('ZREM', KEYS[1], ARGV[1])
local outcome = 'sent'
local data = redis.call('HGET', KEYS[2], 'data')
-- A job that is gone was handled already.
if data and not string.find(data, '"enqueue_id":"' .. ARGV[2] .. '"', 1, true) then
  outcome = 'duplicate'
  if redis.call('ZSCORE', KEYS[3], ARGV[3]) then return { 'failed', 1 } end
end
if outcome == 'sent' and data and ARGV[6] ~= '' then
  redis.call('SET', KEYS[5], ARGV[7] .. ' ' .. ARGV[3], 'PX', 60000)
  redis.call('PUBLISH', ARGV[5], ARGV[6])
end
local audited = 1
if ARGV[4] ~= '0' then
  local entry = { 'event', outcome }
  for i = 8, #ARGV do entry[#entry + 1] = ARGV[i] end
  local written = redis.pcall('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', unpack(entry))
  if type(written) == 'table' and written.err then audited = 0 end
end
return { outcome, audited }
`,
);
