import { defineScript } from '../../redis/script.ts';
import { postMessages } from './post-messages.ts';

/**
 * Take a message over from the old layout: post it unless that was done before, and remember it, as one. So whoever
 * dies in between, it is posted once, also when it has been handled meanwhile.
 */
export const migrateMessage = defineScript(
  'migrate-message',
  `
-- KEYS[1] what was taken over   KEYS[2...] those of post-messages, for one message
-- ARGV[1] digest of the source  ARGV[2] text form of the mailbox   ARGV[3...] those of post-messages
-- Answers 'migrated' when it was done before, else what post-messages answers for it.
local function post(KEYS, ARGV)
${postMessages.lua}
end

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 'migrated' end
local outcome = post({ unpack(KEYS, 2) }, { unpack(ARGV, 3) })[1]
if outcome == 'sent' or outcome == 'unaudited' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return outcome
`,
);
