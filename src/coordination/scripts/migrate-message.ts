import { defineScript } from '../../redis/script.ts';
import { postMessage } from './post-message.ts';

/**
 * Take a message over from the old layout: post it unless that was done before, and remember it, as one. So whoever
 * dies in between, it is posted once, also when it has been handled meanwhile.
 */
export const migrateMessage = defineScript(
  'migrate-message',
  `
-- KEYS[1] what was taken over   KEYS[2...] those of post-message
-- ARGV[1] digest of the source  ARGV[2] text form of the mailbox   ARGV[3...] those of post-message
-- Answers { 'migrated' } when it was done before, else what post-message answers.
local function post(KEYS, ARGV)
${postMessage.lua}
end

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return { 'migrated' } end
local answer = post({ unpack(KEYS, 2) }, { unpack(ARGV, 3) })
if answer[1] == 'sent' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return answer
`,
);
