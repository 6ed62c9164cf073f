import { defineScript } from '../../../redis/script.ts';
import { CIRCUIT_LUA } from '../circuit-lua.ts';

/** What an operator, or a fallback, does to a circuit. */
export const changeCircuit = defineScript(
  'change-circuit',
  `
${CIRCUIT_LUA}
-- ARGV[6] 'reset', 'open' or 'degrade'   ARGV[7] '1': only a circuit that exists
-- Verdict: 'changed', or 'unknown' for one that does not.
if ARGV[7] == '1' and not stored[1] then return { 'unknown' } end
if ARGV[6] == 'reset' then move('closed') end
if ARGV[6] == 'open' then move('open') end
if ARGV[6] == 'degrade' then set_degraded(true) end
return view('changed')
`,
);
