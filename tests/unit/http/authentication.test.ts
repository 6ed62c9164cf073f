import { get } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../../src/http/auth/authenticate.ts';
import { credentialOf } from '../../../src/http/auth/credentials.ts';
import { keyOf, startHttp } from './support/start-http.ts';

const READER = { r: { roles: ['read'] } } as const;

describe('credentials', () => {
  test('Bearer, X-API-Key and X-AO-DIAG-KEY carry a key; Basic does not', async () => {
    await using http = await startHttp({ keys: READER });
    const key = keyOf('r');
    const statusWith = async (headers: Record<string, string>) =>
      (await http.call('GET', '/v1/queues', { headers })).status;
    expect(await statusWith({ authorization: `Bearer ${key}` })).toBe(200);
    expect(await statusWith({ authorization: `bearer ${key}` })).toBe(200);
    expect(await statusWith({ 'x-api-key': key })).toBe(200);
    expect(await statusWith({ 'x-ao-diag-key': key })).toBe(200);
    expect(await statusWith({ authorization: `Basic ${btoa(`r:${key}`)}` })).toBe(401);
  });

  test('a wrong secret, an unknown id and a shapeless key are all the same 401', async () => {
    await using http = await startHttp({ keys: READER });
    const wrong = `${keyOf('r').slice(0, -1)}${keyOf('r').endsWith('A') ? 'B' : 'A'}`;
    const answers = [];
    for (const key of [wrong, keyOf('nobody'), 'ao_r_short', 'hello', `${keyOf('r')}x`]) {
      const answer = await http.call('GET', '/v1/queues', { headers: { authorization: `Bearer ${key}` } });
      answers.push([answer.status, answer.body.code, answer.body['detail']]);
    }
    expect(new Set(answers.map((a) => JSON.stringify(a))).size).toBe(1);
    expect(answers[0]?.slice(0, 2)).toEqual([401, 'UNAUTHENTICATED']);
    expect((await http.deps.metrics.render()).body).toContain('auth_failures_total{reason="unknown"} 3');
  });

  test('a secret may contain underscores', () => {
    const secret = `_${'a_'.repeat(30)}`;
    expect(credentialOf({ authorization: `Bearer ao_k.1_${secret}` })).toEqual({ keyId: 'k.1', secret });
  });

  test('Basic is a key id and the key that belongs to it', () => {
    const basic = (text: string) =>
      credentialOf({ authorization: `Basic ${btoa(text)}` }, { allowBasic: true });
    expect(basic(`r:${keyOf('r')}`)).toMatchObject({ keyId: 'r' });
    expect(basic(`other:${keyOf('r')}`)).toBe('malformed');
    expect(basic(keyOf('r'))).toBe('malformed');
  });

  test('keys expire, and hold only for their networks', async () => {
    const keys = {
      past: { roles: ['read'], expires_at: '2020-01-01T00:00:00Z' },
      future: { roles: ['read'], expires_at: '2999-01-01T00:00:00Z' },
      here: { roles: ['read'], allowed_cidrs: ['127.0.0.0/8', '::1/128'] },
      elsewhere: { roles: ['read'], allowed_cidrs: ['10.0.0.0/8'] },
    } as const;
    await using http = await startHttp({
      keys: {
        ...keys,
        here: { roles: ['read'], allowed_cidrs: [...keys.here.allowed_cidrs] },
        elsewhere: { roles: ['read'], allowed_cidrs: [...keys.elsewhere.allowed_cidrs] },
      },
    });
    const statusAs = async (as: string) => (await http.call('GET', '/v1/queues', { as })).status;
    expect(await statusAs('past')).toBe(401);
    expect(await statusAs('future')).toBe(200);
    expect(await statusAs('here')).toBe(200);
    expect(await statusAs('elsewhere')).toBe(401);
  });

  test('IPv4 addresses in IPv6 form match IPv4 networks', () => {
    const auth = createAuthenticator([
      { id: 'k', sha256: '0'.repeat(64), roles: ['read'], allowed_cidrs: ['10.0.0.0/8'] },
    ]);
    const found = auth.authenticate({ headers: { 'x-api-key': keyOf('k') }, ip: '::ffff:10.1.2.3' });
    expect(found).toMatchObject({ ok: false, failure: 'unknown' });
    expect(auth.hasAdmin).toBe(false);
  });
});

describe('a server without keys', () => {
  test('takes everybody as its operator', async () => {
    await using http = await startHttp();
    http.operations.addDeadLetter('ipa~j1');
    const answer = await http.call('POST', '/v1/dlq/ipa~j1/discard', { json: { reason: 'known bug' } });
    expect(answer.status).toBe(200);
  });

  test('answers to localhost and addresses only, so that no foreign name can be pointed at it', async () => {
    await using http = await startHttp();
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        get(`${http.url}/v1/queues`, { headers: { host } }, (res) => {
          res.resume();
          resolve(res.statusCode);
        }).on('error', reject);
      });
    expect(await statusFor('localhost:8503')).toBe(200);
    expect(await statusFor('[::1]:8503')).toBe(200);
    expect(await statusFor('evil.example')).toBe(403);
  });

  test('refuses what a foreign web page makes a browser send', async () => {
    await using http = await startHttp();
    const run = http.operations.addRun();
    const statusWith = async (headers: Record<string, string>) =>
      (await http.call('POST', `/v1/runs/${run}/cancel`, { headers })).status;
    expect(await statusWith({ origin: 'https://evil.example' })).toBe(403);
    expect(await statusWith({ origin: 'null' })).toBe(403);
    expect(await statusWith({ origin: http.url })).toBe(202);
  });
});

describe('the audit log', () => {
  test('has every change and every refusal for want of a credential or role', async () => {
    await using http = await startHttp({ keys: { e: { roles: ['enqueue'] } } });
    await http.call('POST', '/v1/workflows/turn/runs', {
      as: 'e',
      json: { input: 1 },
      headers: { 'x-request-id': 'r-1' },
    });
    await http.call('GET', '/v1/queues', { as: 'e' });
    await http.call('GET', '/v1/queues');
    expect(http.audit.entries).toMatchObject([
      {
        actor: 'e',
        roles: ['enqueue'],
        action: 'run.start',
        outcome: 'done',
        status: 202,
        request_id: 'r-1',
      },
      { actor: 'e', action: 'http.refuse', outcome: 'refused', status: 403, reason: 'forbidden' },
      { actor: 'anonymous', action: 'http.refuse', status: 401, reason: 'unauthenticated' },
    ]);
    expect(http.audit.entries[0]?.target).toBe('POST /v1/workflows/turn/runs');
  });

  test('an operator cannot act without it, a submitter can', async () => {
    await using http = await startHttp();
    http.operations.addDeadLetter('ipa~j1');
    http.audit.isDown = true;
    const replay = await http.call('POST', '/v1/dlq/ipa~j1/replay');
    expect([replay.status, replay.body.code]).toEqual([503, 'BACKEND_UNAVAILABLE']);
    expect(http.operations.count('replayDeadLetter')).toBe(0);
    expect((await http.call('POST', '/v1/workflows/turn/runs', { json: { input: 1 } })).status).toBe(202);
  });

  test('an operator action is written before and after, with its reason', async () => {
    await using http = await startHttp();
    http.operations.addDeadLetter('ipa~j1');
    await http.call('POST', '/v1/dlq/ipa~j1/discard', { json: { reason: 'known bug' } });
    expect(http.audit.entries).toMatchObject([
      { action: 'dlq.discard', outcome: 'attempted', reason: 'known bug' },
      { action: 'dlq.discard', outcome: 'done', status: 200, reason: 'known bug' },
    ]);
  });
});

describe('rate limits', () => {
  test('headers tell what is left, then 429 with Retry-After', async () => {
    await using http = await startHttp({
      keys: { r: { roles: ['read'], rate: 2 }, other: { roles: ['read'] } },
    });
    const first = await http.call('GET', '/v1/queues', { as: 'r' });
    expect(first.headers.get('ratelimit-policy')).toBe('"read";q=2;w=1');
    expect(first.headers.get('ratelimit')).toBe('"read";r=1;t=1');
    await http.call('GET', '/v1/queues', { as: 'r' });
    const third = await http.call('GET', '/v1/queues', { as: 'r' });
    expect([third.status, third.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(third.headers.get('retry-after')).toBe('1');
    expect((await http.call('GET', '/v1/queues', { as: 'other' })).status).toBe(200);
  });

  test('more than 60 bad credentials from one address are 429, good ones still work', async () => {
    await using http = await startHttp({ keys: READER });
    const bad = { headers: { 'x-api-key': 'guess' } };
    for (let i = 0; i < 60; i++) expect((await http.call('GET', '/v1/queues', bad)).status).toBe(401);
    expect((await http.call('GET', '/v1/queues', bad)).status).toBe(429);
    expect((await http.call('GET', '/v1/queues', { as: 'r' })).status).toBe(200);
    expect(http.audit.entries).toHaveLength(60);
  });
});
