import { defineScript } from '../../redis/script.ts';

/** Which of many mailboxes have anything that a sweep looks at; in an idle fleet none has, and one command says so. */
export const findLeftovers = defineScript(
  'find-leftovers',
  `
-- KEYS[4n-3] active   KEYS[4n-2] wait   KEYS[4n-1] failed   KEYS[4n] dead letters that are being sent again
-- Answers the numbers of those mailboxes, from 1.
local found = {}
if redis.call('EXISTS', unpack(KEYS)) == 0 then return found end
for n = 1, #KEYS / 4 do
  if redis.call('EXISTS', unpack(KEYS, 4 * n - 3, 4 * n)) > 0 then found[#found + 1] = n end
end
return found
`,
);
