import { defineScript } from '../../redis/script.ts';

/** Add events to the log of the fleet, unless another process has done so. */
export const appendEvents = defineScript(
  'append-events',
  `
-- KEYS[1] log stream, also the channel that announces a new entry   KEYS[2] hash: source -> how far it is in the log
-- ARGV[1] source   ARGV[2] mark of these events
-- ARGV[3] 'from': only what follows the mark ARGV[4]; 'newer': only a larger mark; 'known': the same, of a known source
-- ARGV[5] entries that are kept   ARGV[6] ms for which they are   ARGV[7..] events as JSON
-- Answers 1, or 0 when they stand there already.
local known = redis.call('HGET', KEYS[2], ARGV[1])
if ARGV[3] == 'from' then
  if (known or '') ~= ARGV[4] then return 0 end
elseif known then
  if tonumber(ARGV[2]) <= tonumber(known) then return 0 end
elseif ARGV[3] == 'known' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
if #ARGV < 7 then return 1 end
for i = 7, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], '*', 'e', ARGV[i])
end
local now = redis.call('TIME')
local oldest = now[1] * 1000 + math.floor(now[2] / 1000) - tonumber(ARGV[6])
redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, oldest)))
redis.call('PUBLISH', KEYS[1], '')
return 1
`,
);
