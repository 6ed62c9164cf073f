import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sleep } from '../../../src/kernel/abort.ts';
import { createCache } from '../../../src/primitives/cache/cache.ts';
import type { CacheEvent } from '../../../src/primitives/cache/cache-counts.ts';
import type { CachePolicy } from '../../../src/primitives/plan/node.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../../src/redis/embedded/start.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisClient;
beforeAll(async () => {
  server = await acquireRedis();
  redis = await connectRedis({ url: server.url, name: 'cache-test', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(redis);
  await server.dispose();
});

const POLICY: CachePolicy = { scope: 'global', ttlMs: 60_000, maxEntries: 10, tier: 'redis', version: 1 };
const BOTH: CachePolicy = { ...POLICY, tier: 'both' };

/** Caches of several processes over one Redis, and a call that counts. */
function fleet(store: RedisStore = { redis, keys: createKeys(testPrefix()) }) {
  const events: CacheEvent[] = [];
  let calls = 0;
  // The limit is not what these tests are about, and the machine may be busy.
  const instance = () => {
    const cache = createCache({ store, redisLimitMs: 2000, observe: (event) => events.push(event) });
    const ask = (value: unknown = 'answer', policy = POLICY, input: unknown = 'q'): Promise<unknown> =>
      cache.cachedCall(policy, { name: 'answer', input }, async () => {
        calls += 1;
        return value;
      });
    return { cache, ask };
  };
  return { store, events, instance, calls: () => calls };
}

describe('entries in Redis', () => {
  test('are shared by two instances, and live as long as they should', async () => {
    const { instance, calls, store } = fleet();
    const [one, two] = [instance(), instance()];
    expect([await one.ask({ n: 1 }), await two.ask({ n: 2 })]).toEqual([{ n: 1 }, { n: 1 }]);
    expect(calls()).toBe(1);
    expect(two.cache.stats()).toMatchObject({ hits: 1, misses: 0, entries: 0, hitRatio: 1 });
    const key = one.cache.keyOf(POLICY, { name: 'answer', input: 'q' })!;
    expect(key).toMatch(new RegExp(`^${store.keys.prefix}:cache:answer:v1:[0-9a-f]{64}$`));
    const remaining = await redis.pttl(key);
    expect(remaining).toBeGreaterThan(50_000);
    expect(remaining).toBeLessThanOrEqual(60_000);
  });

  test.each([null, 0, '', false])('%j is one, not a miss', async (value) => {
    const { instance, calls } = fleet();
    await instance().ask(value);
    expect(await instance().ask('other')).toBe(value);
    expect(calls()).toBe(1);
  });

  test('of two players are two', async () => {
    const { instance } = fleet();
    const policy: CachePolicy = { ...POLICY, scope: 'player' };
    const ask = (playerId: string, value: string): Promise<string> =>
      instance().cache.cachedCall(policy, { name: 'a', input: 1, ids: { playerId } }, async () => value);
    expect(await Promise.all([ask('ann', 'for ann'), ask('bob', 'for bob')])).toEqual(['for ann', 'for bob']);
    expect([await ask('ann', 'x'), await ask('bob', 'y')]).toEqual(['for ann', 'for bob']);
  });

  test('both tiers: what Redis knows moves into memory', async () => {
    const { instance, events } = fleet();
    await instance().ask('a', BOTH);
    const second = instance();
    events.length = 0;
    await second.ask('b', BOTH);
    await second.ask('b', BOTH);
    expect(events.map(({ tier, result }) => `${tier} ${result}`)).toEqual([
      'memory miss',
      'redis hit',
      'memory hit',
    ]);
  });

  test.each(['not json', '{}', '{"ok":1,"more":2}', '[]', '{"error":{"code":1}}'])(
    'a corrupt one (%s) is a miss, counted, and replaced',
    async (text) => {
      const { instance, calls } = fleet();
      const { cache, ask } = instance();
      const key = cache.keyOf(POLICY, { name: 'answer', input: 'q' })!;
      await redis.set(key, text, 'PX', 60_000);
      expect(await ask('new')).toBe('new');
      expect(cache.stats()).toMatchObject({ errors: 1, misses: 1 });
      expect(await ask()).toBe('new');
      expect(calls()).toBe(1);
    },
  );

  test('a value of another type is an error, not a failed call', async () => {
    const { instance } = fleet();
    const { cache, ask } = instance();
    await redis.hset(cache.keyOf(POLICY, { name: 'answer', input: 'q' })!, 'a', 'b');
    expect(await ask('fine')).toBe('fine');
    expect(cache.stats().errors).toBeGreaterThan(0);
  });

  test('may stand in for a failure after their time, in another instance too', async () => {
    const { instance } = fleet();
    const policy = { ...POLICY, ttlMs: 30, staleIfErrorMs: 60_000 };
    await instance().ask('old', policy);
    const { cache } = instance();
    const fails = (): Promise<unknown> =>
      cache.cachedCall(policy, { name: 'answer', input: 'q' }, async () => {
        throw new Error('down');
      });
    await expect.poll(() => fails().then(() => cache.stats().expirations)).toBeGreaterThan(0);
    expect(await fails()).toBe('old');
  });

  test('can be forgotten, one or all of a name, and nothing else goes', async () => {
    const { instance, store, calls } = fleet();
    const { cache, ask } = instance();
    const other = cache.keyOf(POLICY, { name: 'answer2', input: 'q' })!;
    await redis.set(other, '{"ok":1}', 'PX', 60_000);
    for (const input of [1, 2, 3]) await ask('a', BOTH, input);
    expect(await cache.delete(cache.keyOf(BOTH, { name: 'answer', input: 1 })!)).toBe(true);
    expect(await redis.keys(`${store.keys.prefix}:cache:*`)).toHaveLength(3);
    await cache.clear();
    expect(await redis.keys(`${store.keys.prefix}:cache:*`)).toEqual([other]);
    await ask('a', BOTH, 2);
    expect(calls()).toBe(4);
  });

  test('a caller who leaves while Redis is asked starts nothing', async () => {
    const { instance, calls } = fleet();
    const { cache, ask } = instance();
    const caller = new AbortController();
    const request = { name: 'answer', input: 'q', signal: caller.signal };
    const wait = cache.cachedCall(POLICY, request, () => ask('never', POLICY, 'inner'));
    caller.abort(new Error('left'));
    await expect(wait).rejects.toThrow('left');
    await ask('later', POLICY, 'other'); // Redis answers in order, so the first question is answered by now
    expect(calls()).toBe(1);
  });

  test('100 concurrent calls ask Redis once and run once', async () => {
    const { instance, events, calls } = fleet();
    const { ask } = instance();
    await Promise.all(Array.from({ length: 100 }, () => ask()));
    expect(calls()).toBe(1);
    expect(events.filter(({ tier, result }) => tier === 'redis' && result === 'miss')).toHaveLength(1);
  });
});

// These tests hold and stop the server itself, so it is one of their own.
describe('without Redis', () => {
  let dataDir: string;
  let own: EmbeddedRedis;
  let client: RedisClient;
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'ao-cache-outage-'));
    own = await startEmbeddedRedis({ dataDir, persistent: false });
    client = await connectRedis({ url: own.url, name: 'cache-outage', onOutage: 'fail_fast' });
  });
  afterEach(async () => {
    await closeRedis(client);
    await own.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('a slow one delays no call by more than the limit', async () => {
    const cache = createCache({ store: { redis: client, keys: createKeys(testPrefix()) } });
    process.kill(own.pid, 'SIGSTOP');
    try {
      const startedAt = performance.now();
      expect(await cache.cachedCall(POLICY, { name: 'a', input: 1 }, async () => 'fresh')).toBe('fresh');
      // Reading and writing each gave up after 50 ms.
      expect(performance.now() - startedAt).toBeLessThan(600);
      expect(cache.stats()).toMatchObject({ errors: 2, misses: 1 });
    } finally {
      process.kill(own.pid, 'SIGCONT');
    }
  });

  test('[P13.8] stopped in the middle: every call succeeds, and so do those after', async () => {
    const { instance } = fleet({ redis: client, keys: createKeys(testPrefix()) });
    const { cache, ask } = instance();
    expect(await ask('before')).toBe('before');
    const storm = Array.from({ length: 200 }, async (_, index) => {
      await sleep(index % 20);
      return ask(`value ${index}`, POLICY, index);
    });
    await own.kill();
    expect(await Promise.all(storm)).toEqual(storm.map((_, index) => `value ${index}`));
    expect(await ask('during')).toBe('during');
    expect(cache.stats().errors).toBeGreaterThan(0);
    await expect(cache.clear()).rejects.toMatchObject({ code: 'backend_unavailable' });
    await own.restart();
    await expect.poll(() => client.status, { timeout: 20_000 }).toBe('ready');
    await ask('after', POLICY, 'again');
    expect(await ask('not this', POLICY, 'again')).toBe('after');
  });
});
