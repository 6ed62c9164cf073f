import { defineScript } from '../../redis/script.ts';

/*
 * A replay is open from before its message is posted until its entry is removed, or it was not posted. Whoever ends it
 * removes the entry: who replays, who looks after replays whose process died, or who makes a new entry of the same
 * message, because that was given up again meanwhile. It ends once, so a new entry is never taken for the old one.
 */
const END_REPLAY = `
local function end_replay(replays, waiting, entry, events, id, due, goes)
  local found = redis.call('ZSCORE', replays, id)
  if not found or (due ~= '' and tonumber(found) ~= tonumber(due)) then return 0 end
  redis.call('ZREM', replays, id)
  if goes ~= '1' then return 1 end
  if redis.call('LREM', waiting, 0, id) > 0 then
    redis.call('XADD', events, 'MAXLEN', '~', 1000, '*', 'event', 'removed', 'jobId', id, 'prev', 'waiting')
  end
  redis.call('DEL', entry, entry .. ':logs')
  return 1
end
`;

/** One at a time may replay an entry. */
export const beginReplay = defineScript(
  'begin-replay',
  `
-- KEYS[1] replays zset   ARGV[1] id of the entry   ARGV[2] ms after which who replays has died
-- Answers when that is, by the clock of Redis; nil when somebody else is at it.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return nil end
local time = redis.call('TIME')
local due = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
redis.call('ZADD', KEYS[1], due, ARGV[1])
return due
`,
);

/** Ends a replay unless somebody else did. */
export const endReplay = defineScript(
  'end-replay',
  `
-- KEYS[1] replays zset   KEYS[2] wait list of the dead letters   KEYS[3] the entry   KEYS[4] events of the dead letters
-- ARGV[1] id of the entry   ARGV[2] when it is due   ARGV[3] '1' when the entry goes
-- Answers 1 when it was ended by this call.
${END_REPLAY}
return end_replay(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1], ARGV[2], ARGV[3])
`,
);

/** Before an entry is made: an older one of the same message goes, if it is being replayed. */
export const makeRoom = defineScript(
  'make-room',
  `
-- KEYS[1...4] and ARGV[1] as in end-replay   KEYS[5] claim of the failed message   ARGV[2] token of the claim
-- Answers 1 when the claim is still held by who asks.
${END_REPLAY}
if redis.call('GET', KEYS[5]) ~= ARGV[2] then return 0 end
end_replay(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1], '', '1')
return 1
`,
);
