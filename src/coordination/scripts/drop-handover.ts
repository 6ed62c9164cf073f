import { defineScript } from '../../redis/script.ts';

/** Ends a handover that is over, unless it was announced anew. */
export const dropHandover = defineScript(
  'drop-handover',
  `
-- KEYS[1] handovers hash   ARGV[1] text form   ARGV[2] the handover as it was read
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
`,
);
