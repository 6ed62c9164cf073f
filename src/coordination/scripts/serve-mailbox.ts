import { moveToActive } from 'bullmq/dist/cjs/scripts/moveToActive-11.js';
import { moveToFinished } from 'bullmq/dist/cjs/scripts/moveToFinished-14.js';
import { defineScript } from '../../redis/script.ts';
import { MESSAGE_LUA } from './message-lua.ts';

/** How many keys BullMQ's own scripts take; `SERVE_KEYS` names ours, which are all of theirs but the job. */
export const FINISH_KEYS = moveToFinished.keys;
export const FETCH_KEYS = moveToActive.keys;

/** The keys of a mailbox, in the order in which {@link serveMailbox} takes them. */
export const SERVE_KEYS = [
  'wait',
  'active',
  'prioritized',
  'events',
  'stalled',
  'limiter',
  'delayed',
  'paused',
  'meta',
  'pc',
  'completed',
  'metrics:completed',
  'marker',
] as const;

/**
 * Everything that one process wants of a mailbox at a moment: messages it has handled go, by BullMQ's own script
 * for completing a job, and then it gets next ones, by BullMQ's own script for fetching one, each under a lock and
 * with a time of its own. One that fails does not touch the others.
 */
export const serveMailbox = defineScript(
  'serve-mailbox',
  `
-- KEYS[1...13] wait, active, prioritized, events, stalled, limiter, delayed, paused, meta, pc, completed,
--   metrics:completed, marker
-- ARGV[1] prefix of job keys   ARGV[2] now in ms   ARGV[3] how many bytes are handed out before the rest must ask again
-- ARGV[4] JSON: acks, a list of { job id, lock }   ARGV[5] JSON: takes, a list of { lock, ms that it holds }
-- Answers { for each ack what BullMQ answers, or why it failed;
--           for each take { fields of the job, its id }, 0 for nothing, 1 for ask again, or why it failed }
${MESSAGE_LUA}
local function finish(KEYS, ARGV)
${moveToFinished.content}
end
local function fetch(KEYS, ARGV)
${moveToActive.content}
end

local function ack(id, lock)
  local keys = { unpack(KEYS, 1, 11) }
  keys[12], keys[13], keys[14] = ARGV[1] .. id, KEYS[12], KEYS[13]
  local options = { token = lock, keepJobs = { count = 0 }, attempts = 1, maxMetricsSize = '' }
  return finish(keys, { id, ARGV[2], 'returnvalue', 'null', 'completed', '0', ARGV[1], options, '' })
end

local fetch_keys = { unpack(KEYS, 1, 10) }
fetch_keys[11] = KEYS[13]
local function take(lock, ms)
  return fetch(fetch_keys, { ARGV[1], ARGV[2], { token = lock, lockDuration = ms } })
end

local acked = {}
for i, wanted in ipairs(cjson.decode(ARGV[4])) do
  local is_done, answer = pcall(ack, wanted[1], wanted[2])
  acked[i] = is_done and answer or text_of(answer)
end

local taken, bytes, rest = {}, 0, nil
for i, wanted in ipairs(cjson.decode(ARGV[5])) do
  if rest then
    taken[i] = rest
  else
    local is_done, answer = pcall(take, wanted[1], wanted[2])
    if not is_done then
      taken[i] = text_of(answer)
    elseif type(answer[1]) == 'table' then
      taken[i] = { answer[1], answer[2] }
      for _, value in ipairs(answer[1]) do bytes = bytes + #value end
      if bytes >= tonumber(ARGV[3]) then rest = 1 end
    else
      taken[i] = 0
      rest = 0
    end
  end
end
return { acked, taken }
`,
);
