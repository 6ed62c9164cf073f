import { defineScript } from '../../../redis/script.ts';
import { CIRCUIT_LUA } from '../circuit-lua.ts';

/** A permitted call failed, or took too long. */
export const reportFailure = defineScript(
  'report-failure',
  `
${CIRCUIT_LUA}
-- ARGV[6] epoch of the call, or '' for the present one
-- Verdict: 'counted', or 'ignored' for a call of an older epoch.
if not enabled or (ARGV[6] ~= '' and tonumber(ARGV[6]) ~= c.epoch) then return view('ignored') end
if c.state == 'half_open' then
  move('open')
elseif c.state == 'closed' then
  if c.failures == 0 then tell('circuit_failing') end
  if now - c.last_failure_at >= config.failure_window_seconds * 1000 then c.failures = 0 end
  c.failures = c.failures + 1
  c.last_failure_at = now
  is_dirty = true
  if c.failures >= config.failure_threshold then move('open') end
end
note_overdue()
return view('counted')
`,
);
