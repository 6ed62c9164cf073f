import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA } from './agent-lua.ts';

/**
 * Who has beaten since a moment, and how many there are at all: enough to keep a copy of the index true. One long text
 * is read in a fraction of the time that thousands of short ones take.
 */
export const listAgents = defineScript(
  'list-agents',
  `
-- KEYS[1] index zset   KEYS[2] degraded hash   ARGV[1] lowest score that is asked for, or -inf
-- Answers { ms now, text forms each with the ms of its last heartbeat, all with a line break in between, how many there are,
-- { text form, mark, … } }.
${AGENT_LUA}
return {
  now_ms(),
  table.concat(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES'), '\\n'),
  redis.call('ZCARD', KEYS[1]),
  redis.call('HGETALL', KEYS[2]),
}
`,
);
