// A process that runs one agent and says what it can do, with everything coordination has, until it is killed:
//   node tests/support/capable-process.ts '{"url":"redis://…","prefix":"test-1","agent":"weaver:w1","names":["weave"]}'
// It writes a line when it is registered, and notes each message it handled in a list of Redis.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createCoordination } from '../../src/coordination/create-coordination.ts';
import { quickCoordination } from './quick-coordination.ts';

export interface CapableTask {
  readonly url: string;
  readonly prefix: string;
  /** Text form. */
  readonly agent: string;
  readonly names: readonly string[];
  /** It never comes to an end with a message. */
  readonly hangs?: boolean;
}

const { url, prefix, agent, names, hangs } = JSON.parse(process.argv[2] ?? '{}') as CapableTask;
const [type = '', instance = ''] = agent.split(':');
const redis = new Redis(url);
const coordination = createCoordination(quickCoordination(url, prefix));

await coordination.runAgent({
  type,
  instance,
  concurrency: 1,
  capabilities: names.map((name) => ({ name, type: 'generation', version: '1.0.0' })),
  process: async (_payload, { message, signal }) => {
    if (hangs === true) await sleep(600_000, undefined, { signal });
    await redis.rpush(`${prefix}:handled`, `${agent} ${message!.message_id}`);
    return undefined;
  },
});
process.stdout.write('registered\n');
