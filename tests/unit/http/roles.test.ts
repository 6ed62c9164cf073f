import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRole, ROLES } from '../../../src/contracts/caller.ts';
import { HttpLifetime } from '../../../src/http/lifetime.ts';
import type { Route } from '../../../src/http/route.ts';
import { createRouteTable } from '../../../src/http/route-table.ts';
import { startHttp, type HttpHarness } from './support/start-http.ts';

const KEYS = {
  user: { roles: ['user'], user_id: 'u1' },
  enqueue: { roles: ['enqueue'] },
  read: { roles: ['read'] },
  operate: { roles: ['operate'] },
  admin: { roles: ['admin'] },
} as const;

/** Some value for each path parameter; whether it exists does not matter here. */
function concrete(path: string): string {
  return path.replace('{name}', 'turn').replace(/\{\w+\}/g, 'nothing');
}

describe('every operation for every principal', () => {
  let http: HttpHarness;
  let routes: readonly Route[];
  beforeAll(async () => {
    http = await startHttp({ keys: KEYS, config: { metrics: { auth: true }, http: { trust_proxy: 1 } } });
    routes = createRouteTable(http.deps, new HttpLifetime());
  });
  afterAll(() => http[Symbol.asyncDispose]());

  test.each(['none', ...ROLES] as const)('%s gets in exactly where its role allows', async (principal) => {
    let calls = 0;
    for (const route of routes) {
      for (const path of route.paths) {
        const init = principal === 'none' ? {} : { as: principal };
        // Administration and refusals are counted by address.
        const address = `10.0.0.${(calls += 1) % 250}`;
        const headers = {
          accept: route.produces?.[0] ?? 'application/json',
          'x-forwarded-for': address,
        };
        const answer = await http.call(route.method.toUpperCase(), concrete(path), { ...init, headers });
        const roles = typeof route.access === 'string' ? undefined : route.access;
        const what = `${principal} ${route.method} ${path}: ${answer.text}`;
        if (roles === undefined) {
          expect([401, 403], what).not.toContain(answer.status);
        } else if (principal === 'none') {
          expect(answer.status, what).toBe(401);
          expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        } else {
          const caller = { id: principal, roles: new Set([principal]) };
          const isIn = roles.some((role) => hasRole(caller, role));
          if (isIn) expect([401, 403], what).not.toContain(answer.status);
          else {
            expect(answer.status, what).toBe(403);
            expect(answer.body['detail']).toContain(roles.map((role) => `"${role}"`).join(' or '));
            expect(answer.body['required_roles']).toEqual(roles);
          }
        }
      }
    }
  });
});

describe('who sees what', () => {
  test('a user reads own runs and sessions only', async () => {
    await using http = await startHttp({ keys: KEYS });
    const mine = http.operations.addRun('user');
    const other = http.operations.addRun('enqueue');
    expect((await http.call('GET', `/v1/runs/${mine}`, { as: 'user' })).status).toBe(200);
    const hidden = await http.call('GET', `/v1/runs/${other}`, { as: 'user' });
    expect([hidden.status, hidden.body.code]).toEqual([404, 'RUN_NOT_FOUND']);
    expect((await http.call('GET', `/v1/runs/${other}/events`, { as: 'user' })).status).toBe(404);
    expect((await http.call('GET', `/v1/runs/${other}`, { as: 'read' })).status).toBe(200);
    const [call] = http.operations.calls;
    expect(call?.args[1]).toMatchObject({ id: 'user', user_id: 'u1' });
  });

  test('dead letter data is redacted for readers and whole for operators', async () => {
    await using http = await startHttp({ keys: KEYS });
    http.operations.addDeadLetter('ipa~j1');
    const path = '/v1/dlq/ipa~j1';
    expect((await http.call('GET', path, { as: 'read' })).text).not.toContain('a secret thought');
    expect((await http.call('GET', path, { as: 'operate' })).text).toContain('a secret thought');
  });

  test('what needs admin says so when no key has it', async () => {
    await using http = await startHttp({ keys: { operate: KEYS.operate } });
    const answer = await http.call('POST', '/v1/dlq/x/discard', { as: 'operate', json: { reason: 'r' } });
    expect([answer.status, answer.body.code]).toEqual([403, 'ADMIN_DISABLED']);
  });

  test('details of readiness are for readers', async () => {
    await using http = await startHttp({ keys: KEYS });
    expect((await http.call('GET', '/readyz?verbose')).text).not.toContain('10.0.0.1');
    expect((await http.call('GET', '/readyz?verbose', { as: 'read' })).text).toContain('10.0.0.1');
    expect((await http.call('GET', '/readyz', { headers: { 'x-api-key': 'wrong' } })).status).toBe(401);
  });
});
