import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigSchema } from '../../../config/schema.ts';
import { createRedisIdempotency } from '../../../src/http/idempotency-store.ts';
import { createRedisStores } from '../../../src/http/redis-stores.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { closeRedis, connectRedis, createRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';
import { startHttp } from '../../unit/http/support/start-http.ts';

let server: TestRedis;
let redis: RedisClient;
beforeAll(async () => {
  server = await acquireRedis();
  redis = await connectRedis({ url: server.url, name: 'http-test', onOutage: 'fail_fast' });
});
afterAll(async () => {
  await closeRedis(redis);
  await server.dispose();
});

const RUN = '/v1/workflows/turn/runs';
const claimKeys = () => {
  const keys = createKeys(testPrefix());
  return (hash: string) => keys.idempotency(hash);
};
const limits = (values: Record<string, number> = {}) => ConfigSchema.parse({ rate_limits: values });

describe('idempotency in Redis', () => {
  test('of 50 parallel claims one wins', async () => {
    const store = createRedisIdempotency(redis, claimKeys());
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        store.claim('id', { fingerprint: 'f', owner: `o${i}`, about: '', runId: newRunId() }),
      ),
    );
    expect(claims.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    expect(claims.filter(({ state }) => state === 'in_flight')).toHaveLength(49);
  });

  test('a finished claim is replayed to the same request and refused to another', async () => {
    const keys = createKeys(testPrefix());
    const store = createRedisIdempotency(redis, (hash) => keys.idempotency(hash));
    const outcome = { status: 202, headers: { Location: '/x' }, body: { a: ['é', null] } };
    await store.claim('id', { fingerprint: 'f', owner: 'o', about: '', runId: newRunId() });
    await store.finish('id', 'o', outcome);
    expect(await store.claim('id', { fingerprint: 'f', owner: 'p', about: '', runId: newRunId() })).toEqual({
      state: 'done',
      outcome,
    });
    expect(await store.claim('id', { fingerprint: 'g', owner: 'p', about: '', runId: newRunId() })).toEqual({
      state: 'mismatch',
    });
    const ttl = await redis.pttl(keys.idempotency('id'));
    expect(ttl).toBeGreaterThan(86_000_000);
    expect(ttl).toBeLessThanOrEqual(86_400_000);
  });

  test('a claim that a dead process left is taken over with its run id, a renewed one is not', async () => {
    const store = createRedisIdempotency(redis, claimKeys(), 200);
    const runId = newRunId();
    const claim = (owner: string) =>
      store.claim('id', { fingerprint: 'f', owner, about: '', runId: newRunId() });
    await store.claim('id', { fingerprint: 'f', owner: 'dead', about: '', runId });
    expect((await claim('early')).state).toBe('in_flight');
    await expect.poll(() => claim('heir'), { timeout: 2000 }).toEqual({ state: 'claimed', runId });
    await store.renew('id', 'heir');
    expect((await claim('late')).state).toBe('in_flight');
    await store.finish('id', 'dead', { status: 200, headers: {}, body: 'not mine any more' });
    expect((await claim('late')).state).toBe('in_flight');
    await store.release('id', 'heir');
    expect(await claim('next')).toEqual({ state: 'claimed', runId });
  });

  test('50 parallel requests with one key start one run', async () => {
    const keys = createKeys(testPrefix());
    await using http = await startHttp({ stores: (config) => createRedisStores(redis, keys, config) });
    const post = () => http.call('POST', RUN, { json: { input: 1 }, headers: { 'idempotency-key': 'k' } });
    const answers = await Promise.all(Array.from({ length: 50 }, post));
    expect(http.operations.count('startRun')).toBe(1);
    expect(http.operations.runs.size).toBe(1);
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    const replay = await post();
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('rate limits in Redis', () => {
  test('two processes share one count', async () => {
    const keys = createKeys(testPrefix());
    const config = limits({ read_per_s: 5 });
    const a = createRedisStores(redis, keys, config).rateLimiter;
    const b = createRedisStores(redis, keys, config).rateLimiter;
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? a : b).consume('read', 'key:x')),
    );
    expect(all.filter(({ isAllowed }) => isAllowed)).toHaveLength(5);
    expect((await a.consume('read', 'key:y')).isAllowed).toBe(true);
    expect((await a.consume('enqueue', 'key:x')).rule).toEqual({ points: 400, windowSeconds: 2 });
  });

  test('without Redis every process counts for itself', async () => {
    const gone = createRedis({ url: 'redis://127.0.0.1:1', name: 'gone', onOutage: 'fail_fast' });
    const { rateLimiter } = createRedisStores(gone, createKeys(testPrefix()), limits({ read_per_s: 3 }));
    const all = await Promise.all(Array.from({ length: 6 }, () => rateLimiter.consume('read', 'key:x')));
    expect(all.filter(({ isAllowed }) => isAllowed)).toHaveLength(3);
    gone.disconnect();
  });
});

describe('audit in Redis', () => {
  test('entries are fields of a capped stream', async () => {
    const keys = createKeys(testPrefix());
    await using http = await startHttp({ stores: (config) => createRedisStores(redis, keys, config) });
    await http.call('POST', RUN, { json: { input: 1 }, headers: { 'x-request-id': 'r-9' } });
    await expect.poll(() => redis.xlen(keys.audit())).toBe(1);
    const [[, fields] = ['', []]] = await redis.xrange(keys.audit(), '-', '+');
    const entry = Object.fromEntries(
      Array.from({ length: fields.length / 2 }, (_, i) => fields.slice(2 * i, 2 * i + 2)),
    );
    expect(entry).toMatchObject({
      actor: 'anonymous',
      roles: 'admin',
      action: 'run.start',
      status: '202',
      request_id: 'r-9',
    });
  });
});

describe('a Redis that accepts commands and stays silent', () => {
  test('POST with a key is 503 within two seconds and enqueues nothing; the repeat succeeds once', async () => {
    const own = await acquireRedis();
    const client = await connectRedis({ url: own.url, name: 'http-silent', onOutage: 'fail_fast' });
    const admin = await connectRedis({ url: own.url, name: 'admin', onOutage: 'fail_fast' });
    const keys = createKeys(testPrefix());
    try {
      await using http = await startHttp({ stores: (config) => createRedisStores(client, keys, config) });
      const post = () => http.call('POST', RUN, { json: { input: 1 }, headers: { 'idempotency-key': 'k' } });
      await admin.call('CLIENT', 'PAUSE', '2500', 'ALL');
      const begun = performance.now();
      const refused = await post();
      expect(performance.now() - begun).toBeLessThan(2000);
      expect([refused.status, refused.body.code]).toEqual([503, 'BACKEND_UNAVAILABLE']);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(http.operations.count('startRun')).toBe(0);
      await expect.poll(async () => (await post()).status, { timeout: 20_000, interval: 500 }).toBe(202);
      expect(http.operations.runs.size).toBe(1);
    } finally {
      client.disconnect();
      admin.disconnect();
      await own.dispose();
    }
  });
});
