import { addPrioritizedJob } from 'bullmq/dist/cjs/scripts/addPrioritizedJob-9.js';
import { defineScript } from '../../redis/script.ts';
import { AUDIT_LUA, MESSAGE_LUA } from './message-lua.ts';

/** How many keys and arguments BullMQ's own script takes; ours come after its keys. */
export const ADD_KEYS = addPrioritizedJob.keys;
export const ADD_ARGUMENTS = 3;

/**
 * Put messages into a mailbox: for each of them admission, BullMQ's own script for adding a job, and the audit, as
 * one. So the limit is exact however many send at once, and a sender that dies leaves a message or nothing.
 */
export const postMessages = defineScript(
  'post-messages',
  `
-- KEYS[1...9] are those of BullMQ's addPrioritizedJob: [4] prioritized, [5] delayed, [7] active
-- KEYS[10] mailboxes set   KEYS[11] failed zset   KEYS[12] wait list   KEYS[13] audit stream
-- KEYS[14...] of each message two: the job, the reply key
-- ARGV[1] JSON: queue_size, mailbox (its text form), audit_length (0 for none), reply_channel, at and now
--   (ISO and ms), forms (how many), names (of the audit's fields) and messages, each a list of: number of its form,
--   job id, enqueue id, id of the request that it answers or '', values of its audit entry
-- ARGV[2...] of each form two: what BullMQ passes to its script for such a job, as packed arguments and options
-- then of each message its data
-- Answers, for each, 'sent' | 'duplicate' | 'full' | 'failed' | 'unaudited' (sent, but the audit could not be
-- written) or 'error: ' and why; 'failed' when the last message of this id is not yet a dead letter.
${MESSAGE_LUA}
${AUDIT_LUA}
local function add(KEYS, ARGV)
${addPrioritizedJob.content}
end

local batch = cjson.decode(ARGV[1])
local add_keys = { unpack(KEYS, 1, ${addPrioritizedJob.keys}) }
local forms = {}
for i = 1, batch.forms do
  forms[i] = { arguments = packed.unpack(ARGV[2 * i]), options = packed.unpack(ARGV[2 * i + 1]) }
end

local function is_audited(event, values)
  if batch.audit_length == 0 then return true end
  local written = write_audit(KEYS[13], batch.audit_length, batch.names, event, batch.at, values)
  return not (type(written) == 'table' and written.err)
end

local depth
local function post(i, message)
  local form, id, enqueue_id, answered = forms[message[1]], message[2], message[3], message[4]
  local job, reply = KEYS[12 + 2 * i], KEYS[13 + 2 * i]
  local present = redis.call('HGET', job, 'data')
  if present then
    if redis.call('ZSCORE', KEYS[11], id) then return 'failed' end
    -- The same envelope again: whoever sends it did not hear the first answer.
    local is_ours = string.find(present, '"enqueue_id":"' .. enqueue_id .. '"', 1, true)
    local outcome = is_ours and 'sent' or 'duplicate'
    is_audited(outcome, message[5])
    return outcome
  end
  depth = depth or redis.call('LLEN', KEYS[12]) + redis.call('ZCARD', KEYS[4])
    + redis.call('ZCARD', KEYS[5]) + redis.call('LLEN', KEYS[7])
  if depth >= batch.queue_size then return 'full' end
  form.arguments[2], form.arguments[4] = id, batch.now
  add(add_keys, { form.arguments, ARGV[1 + 2 * batch.forms + i], form.options })
  depth = depth + 1
  if answered ~= '' then
    redis.call('SET', reply, id, 'PX', 60000)
    redis.call('PUBLISH', batch.reply_channel, answered)
  end
  return is_audited('sent', message[5]) and 'sent' or 'unaudited'
end

redis.call('SADD', KEYS[10], batch.mailbox)
local outcomes = {}
for i, message in ipairs(batch.messages) do
  local is_done, outcome = pcall(post, i, message)
  -- How much was added before it failed is counted anew.
  if not is_done then depth = nil end
  outcomes[i] = is_done and outcome or 'error: ' .. text_of(outcome)
end
return outcomes
`,
);
