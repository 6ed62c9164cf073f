import { defineScript } from '../../../redis/script.ts';
import { CIRCUIT_LUA } from '../circuit-lua.ts';

/** Ask to call; in a half-open circuit the call takes one of the slots. Without a trial's id it only looks. */
export const acquireCall = defineScript(
  'acquire-call',
  `
${CIRCUIT_LUA}
-- ARGV[6] id of the trial call, '' to look   ARGV[7] ms until its slot is taken back
-- Verdict: 'permitted', 'trial', 'looked', or the refusal.
local reason, left = refusal()
local verdict = reason or 'permitted'
if not reason and enabled and c.state ~= 'closed' then
  verdict = 'trial'
  if ARGV[6] ~= '' then
    if c.state == 'open' then move('half_open') end
    redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[7])), ARGV[6])
    redis.call('EXPIRE', KEYS[2], DAY)
  end
end
note_overdue()
if ARGV[6] == '' then verdict = 'looked' end
return view(verdict, left)
`,
);
