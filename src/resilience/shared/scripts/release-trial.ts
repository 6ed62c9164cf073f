import { defineScript } from '../../../redis/script.ts';
import { CIRCUIT_LUA } from '../circuit-lua.ts';

/** A trial call ended in a way that says nothing about the other side: only its slot is given back. */
export const releaseTrial = defineScript(
  'release-trial',
  `
${CIRCUIT_LUA}
-- ARGV[6] epoch of the call   ARGV[7] id of the trial call
if tonumber(ARGV[6]) == c.epoch then redis.call('ZREM', KEYS[2], ARGV[7]) end
return view('released')
`,
);
