import { expect, test } from 'vitest';
import { startHttp } from './support/start-http.ts';

const KEYS = { admin: { roles: ['admin'] }, read: { roles: ['read'] } } as const;

test('the version of the rules is their ETag, and If-Match holds a change to it', async () => {
  await using http = await startHttp({ keys: KEYS });
  const shown = await http.call('GET', '/v1/safety/rules', { as: 'admin' });
  expect(shown.headers.get('etag')).toBe('"0123456789ab"');
  const put = (ifMatch: string) =>
    http.call('PUT', '/v1/safety/rules', {
      as: 'admin',
      json: { rules: [] },
      headers: { 'if-match': ifMatch },
    });
  expect((await put('"0123456789ab"')).status).toBe(200);
  expect((await put('W/"0123456789ab"')).status).toBe(200);
  expect((await put('*')).status).toBe(200);
  const stale = await put('"ffffffffffff"');
  expect(stale.status).toBe(412);
  expect(stale.body).toMatchObject({ code: 'SAFETY_RULES_STALE', type: '/problems/precondition-failed' });
});

test('the document is for administrators, and changes are for nobody else', async () => {
  await using http = await startHttp({ keys: KEYS });
  expect((await http.call('GET', '/v1/safety', { as: 'admin' })).body).toHaveProperty('document');
  const seen = await http.call('GET', '/v1/safety', { as: 'read' });
  expect(seen.status).toBe(200);
  expect(seen.body).not.toHaveProperty('document');
  const refused = await http.call('PUT', '/v1/safety/rules', { as: 'read', json: {} });
  expect(refused.body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
});

test('where no key is an administrator, changes are disabled', async () => {
  await using http = await startHttp({ keys: { read: KEYS.read } });
  const answer = await http.call('POST', '/v1/safety/reload', { as: 'read' });
  expect(answer.body).toMatchObject({ status: 403, code: 'ADMIN_DISABLED' });
});

test('without diagnostics rules are read and not changed', async () => {
  await using http = await startHttp({ keys: KEYS, config: { diagnostics: { enabled: false } } });
  expect((await http.call('GET', '/v1/safety', { as: 'read' })).status).toBe(200);
  const calls = [
    ['PUT', '/v1/safety/rules', {}],
    ['POST', '/v1/safety/rules/validate', {}],
    ['POST', '/v1/safety/rules/rollback', {}],
    ['POST', '/v1/safety/reload', {}],
    ['POST', '/v1/safety/validate', { text: 'hello' }],
  ] as const;
  for (const [method, path, body] of calls) {
    const { body: problem } = await http.call(method, path, { as: 'admin', json: body });
    expect(problem, path).toMatchObject({ status: 403, code: 'FEATURE_DISABLED' });
  }
});

test('a body that is wrong is refused without its text', async () => {
  await using http = await startHttp({ keys: KEYS });
  const body = { text: 7, secret_words: 'I want to die' };
  const answer = await http.call('POST', '/v1/safety/validate', { as: 'admin', json: body });
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain('want to die');
});
