import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/observability/logger.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { AgentQueues } from '../../../src/runtime/agent-queues.ts';
import { AgentTypes } from '../../../src/workflows/registry/agent-types.ts';
import { eventually } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
const clients: RedisClient[] = [];
const opened: AgentQueues[] = [];
beforeAll(async () => {
  server = await acquireRedis();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((queues) => queues.close()));
  await Promise.all(clients.splice(0).map(closeRedis));
});
afterAll(() => server.dispose());

async function connect(name = 'test'): Promise<RedisClient> {
  const client = await connectRedis({ url: server.url, name, onOutage: 'fail_fast' });
  clients.push(client);
  return client;
}

const log = createLogger({ level: 'silent', role: 'test', instance: 'test', version: '0' });
const newPrefix = (): string => `t${randomBytes(6).toString('hex')}`;

/** What one more process of the fleet knows. */
async function process(prefix: string) {
  const redis = await connect();
  const keys = createKeys(prefix);
  const queues = new AgentQueues({ connection: redis, prefix, skipWaitingForReady: true }, log, {
    names: ['ipa', 'flow'],
    deadLetters: ['ipa'],
  });
  opened.push(queues);
  const changes: string[][] = [];
  const types = new AgentTypes({ store: { redis, keys }, log, onChange: (all) => queues.follow(all) });
  types.whenChanged(() => changes.push(types.names()));
  const subscriber = await connect(`${prefix}:notices`);
  await types.start(subscriber);
  return { types, queues, changes, redis, keys };
}

const QUICK = { timeoutMs: 1000, isIdempotent: true, version: '1.0.0' };

describe('[R8.1] the types of agents that modules brought', () => {
  test('are known to every process as soon as one announces them, and to those that start later', async () => {
    const prefix = newPrefix();
    const [one, other] = await Promise.all([process(prefix), process(prefix)]);
    await one.types.announce('echo', QUICK);
    expect(one.types.find('echo')).toEqual(QUICK);
    await eventually(async () => expect(other.changes).toEqual([['echo']]));
    expect(other.types.find('echo')).toEqual(QUICK);
    for (const { queues } of [one, other, await process(prefix)]) {
      expect([...queues.all.keys()]).toEqual(['ipa', 'flow', 'echo']);
      expect([...queues.deadLetters.keys()]).toEqual(['ipa', 'echo']);
      expect(queues.all.get('echo')?.name).toBe('echo');
    }
  });

  test('are announced again without a word when nothing changed, and keep the time at which they were known first', async () => {
    const { types, changes, redis, keys } = await process(newPrefix());
    await types.announce('echo', QUICK);
    const before = JSON.parse((await redis.hget(keys.agentTypes(), 'echo'))!) as { since: number };
    await types.announce('echo', QUICK);
    expect(changes).toHaveLength(1);
    await types.announce('echo', { ...QUICK, version: '2.0.0', isIdempotent: false });
    expect(changes).toHaveLength(2);
    expect(JSON.parse((await redis.hget(keys.agentTypes(), 'echo'))!)).toEqual({
      since: before.since,
      v: 1,
      timeout_ms: 1000,
      idempotent: false,
      version: '2.0.0',
    });
    const [seconds] = await redis.time();
    expect(Math.abs(before.since - Number(seconds) * 1000)).toBeLessThan(60_000);
  });

  test('are found after a connection that was lost when they were announced', async () => {
    const prefix = newPrefix();
    const { types, redis, keys } = await process(prefix);
    // As an announcement that nobody heard.
    const record = JSON.stringify({ since: 1, v: 1, timeout_ms: 5000, idempotent: false, version: '1' });
    await redis.hset(keys.agentTypes(), 'unheard', record);
    expect(types.names()).toEqual([]);
    const list = (await redis.client('LIST')) as string;
    const notices = list.split('\n').find((line) => line.includes(`name=${prefix}:notices`));
    await redis.client('KILL', 'ID', /\bid=(\d+)/.exec(notices ?? '')![1]!);
    await eventually(async () => expect(types.names()).toEqual(['unheard']));
  });

  test('are gone when they are forgotten, with their queues, unless somebody serves them', async () => {
    const prefix = newPrefix();
    const [serving, other] = await Promise.all([process(prefix), process(prefix)]);
    await serving.types.announce('served', QUICK);
    const record = JSON.stringify({ since: 1, v: 1, timeout_ms: 5000, idempotent: false, version: '1' });
    await other.redis.hset(other.keys.agentTypes(), 'left', record);
    await other.types.refresh();
    expect(other.types.names()).toEqual(['left', 'served']);
    await other.types.forget('left');
    expect(other.types.names()).toEqual(['served']);
    expect([...other.queues.all.keys()]).toEqual(['ipa', 'flow', 'served']);
    expect([...other.queues.deadLetters.keys()]).toEqual(['ipa', 'served']);
    await other.types.forget('served');
    const isStored = () => other.redis.hexists(other.keys.agentTypes(), 'served');
    await eventually(async () => expect(await isStored()).toBe(1));
    await eventually(async () => expect(other.types.find('served')).toEqual(QUICK));
  });

  test('are none where they cannot be read, or could not be', async () => {
    const { types, redis, keys } = await process(newPrefix());
    const record = { since: 1, v: 1, timeout_ms: 5000, idempotent: false, version: '1' };
    await redis.hset(keys.agentTypes(), {
      broken: '{',
      later: JSON.stringify({ ...record, v: 2 }),
      endless: JSON.stringify({ ...record, timeout_ms: 0 }),
      flow: JSON.stringify(record),
      'a b': JSON.stringify(record),
      known: JSON.stringify({ ...record, and: 'more' }),
    });
    await types.refresh();
    expect(types.names()).toEqual(['known']);
  });
});
