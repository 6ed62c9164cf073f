import { defineScript } from '../../../redis/script.ts';
import { CIRCUIT_LUA } from '../circuit-lua.ts';

/** A permitted call succeeded. */
export const reportSuccess = defineScript(
  'report-success',
  `
${CIRCUIT_LUA}
-- ARGV[6] epoch of the call   ARGV[7] id of the trial call, or ''
-- Verdict: 'counted', or 'ignored' for a call of an older epoch.
if not enabled or tonumber(ARGV[6]) ~= c.epoch then return view('ignored') end
if c.state == 'closed' then
  if c.failures > 0 then
    c.failures = 0
    is_dirty = true
    tell('circuit_healthy')
  end
  set_degraded(false)
elseif c.state == 'half_open' then
  c.successes = c.successes + 1
  is_dirty = true
  if c.successes >= config.success_threshold then
    move('closed')
  else
    redis.call('ZREM', KEYS[2], ARGV[7])
  end
end
return view('counted')
`,
);
