import { defineScript } from '../../../redis/script.ts';

/** Adds what a process counted of several circuits. */
export const countCalls = defineScript(
  'count-calls',
  `
-- KEYS counts hash of each circuit   ARGV: for each key in order 'success=3,failure=1'
for i, key in ipairs(KEYS) do
  for outcome, n in string.gmatch(ARGV[i], '(%a+)=(%d+)') do
    redis.call('HINCRBY', key, 'calls:' .. outcome, n)
  end
  redis.call('EXPIRE', key, 604800)
end
return #KEYS
`,
);
