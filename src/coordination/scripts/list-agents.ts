import { defineScript } from '../../redis/script.ts';
import { AGENT_LUA } from './agent-lua.ts';

/** Who has beaten since a moment, and how many there are at all: enough to keep a copy of the index true. */
export const listAgents = defineScript(
  'list-agents',
  `
-- KEYS[1] index zset   KEYS[2] degraded hash   ARGV[1] lowest score that is asked for, or -inf
-- Answers { ms now, { text form, ms of its last heartbeat, … }, how many there are, { text form, mark, … } }.
${AGENT_LUA}
return {
  now_ms(),
  redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES'),
  redis.call('ZCARD', KEYS[1]),
  redis.call('HGETALL', KEYS[2]),
}
`,
);
