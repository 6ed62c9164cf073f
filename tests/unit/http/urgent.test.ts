import { describe, expect, test } from 'vitest';
import { storeUnavailable } from '../../../src/http/bounded.ts';
import { startHttp, type HttpHarness } from './support/start-http.ts';

const LIMITED = { enqueue_per_s: 1, enqueue_burst: 1, read_per_s: 1, operate_per_s: 1 };
const isUrgent = (text: string): boolean => text.includes('help me');

const post = (http: HttpHarness, path: string, json: object, headers = {}) =>
  http.call('POST', path, { json, headers });
const TURNS = '/v1/sessions/s1/turns';
const RUNS = '/v1/workflows/turn/runs';

describe('what is urgent', () => {
  test('passes the rate limit, whatever way it comes; nothing else does', async () => {
    await using http = await startHttp({ config: { rate_limits: LIMITED }, isUrgent });
    await post(http, RUNS, { input: { text: 'look' } });
    const urgent = { text: 'help me' };
    const answers = [
      await post(http, RUNS, { input: { text: 'look' } }),
      await post(http, TURNS, { text: 'look' }),
      await post(http, TURNS, { text: 7 }),
      await http.call('POST', TURNS, { text: '{', headers: { 'content-type': 'application/json' } }),
      await post(http, TURNS, urgent),
      await post(http, RUNS, { input: urgent }),
      await post(http, `${RUNS}/bulk`, { items: [{ input: { text: 'look' } }, { input: urgent }] }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 429, 429, 404, 202, 207]);
    // A refusal is no action: the audit holds what was done, and what was tried in need.
    expect(http.operations.count('submitTurn')).toBe(1);
  });

  test('does without an idempotency key that cannot be claimed, and still says which request it is', async () => {
    const store = {
      claim: () => Promise.reject(storeUnavailable('down')),
      renew: async () => {},
      finish: async () => {},
      release: async () => {},
    };
    await using http = await startHttp({ stores: () => ({ idempotency: store }), isUrgent });
    const key = { 'idempotency-key': 'k1' };
    expect((await post(http, RUNS, { input: { text: 'look' } }, key)).status).toBe(503);
    expect((await post(http, RUNS, { input: { text: 'help me' } }, key)).status).toBe(202);
    expect((await post(http, RUNS, { input: { text: 'help me' } }, key)).status).toBe(202);
    const keys = http.operations.calls
      .filter(({ name }) => name === 'startRun')
      .map(({ args }) => (args.at(-1) as { requestKey?: string }).requestKey);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(keys).size).toBe(1);
  });

  test('does not wait for a store that is silent, nor for somebody else who has the key', async () => {
    const store = {
      claim: () => new Promise<never>(() => undefined),
      renew: async () => {},
      finish: async () => {},
      release: async () => {},
    };
    await using http = await startHttp({ stores: () => ({ idempotency: store }), isUrgent });
    const startedAt = performance.now();
    const answer = await post(http, RUNS, { input: { text: 'help me' } }, { 'idempotency-key': 'k' });
    expect(answer.status).toBe(202);
    expect(performance.now() - startedAt).toBeLessThan(900);

    await using other = await startHttp({ isUrgent });
    const key = { 'idempotency-key': 'k' };
    await post(other, RUNS, { input: { text: 'look' } }, key);
    expect((await post(other, RUNS, { input: { text: 'look again' } }, key)).status).toBe(422);
    expect((await post(other, RUNS, { input: { text: 'help me' } }, key)).status).toBe(202);
  });

  test('needs a key all the same', async () => {
    await using http = await startHttp({ keys: { a: { roles: ['user'], user_id: 'u' } }, isUrgent });
    expect((await post(http, TURNS, { text: 'help me' })).status).toBe(401);
  });
});
