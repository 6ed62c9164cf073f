import { expect, test } from 'vitest';
import { createFleetClient } from '../../../src/client/client.ts';
import { remoteOperations } from '../../../src/cli/remote-operations.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { SessionWorld } from '../../../src/contracts/world-history.ts';
import { startHttp } from './support/start-http.ts';

const WORLD = '/v1/sessions/s/world';

test('GET …/world shows what the player sees, with full=true all of it, with version how it was', async () => {
  await using http = await startHttp();
  await http.call('POST', '/v1/sessions', { json: { session_id: 's' } });
  const seen = SessionWorld.parse((await http.call('GET', WORLD)).body);
  expect([seen.version, seen.view.location.id, seen.world]).toEqual([5, 'forest_clearing', undefined]);
  const whole = SessionWorld.parse((await http.call('GET', `${WORLD}?full=true`)).body);
  expect(Object.keys(whole.world!.locations)).toContain('library');
  const earlier = SessionWorld.parse((await http.call('GET', `${WORLD}?version=2`)).body);
  expect([earlier.version, earlier.current_version]).toEqual([2, 5]);
  const never = await http.call('GET', `${WORLD}?version=9`);
  expect([never.status, never.body.code]).toEqual([404, 'WORLD_VERSION_NOT_FOUND']);
});

test('a world that the caller knows is not sent again', async () => {
  await using http = await startHttp();
  await http.call('POST', '/v1/sessions', { json: { session_id: 's' } });
  const ask = (etag: string, path = WORLD) =>
    fetch(`${http.url}${path}`, { headers: { 'if-none-match': etag } });
  const tag = (await fetch(`${http.url}${WORLD}`)).headers.get('etag')!;
  expect(tag).toMatch(/^"[\w-]+"$/);
  const known = await ask(`"other", W/${tag}`);
  expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, tag, '']);
  expect((await ask('*')).status).toBe(304);
  expect((await ask(tag, `${WORLD}?full=true`)).status).toBe(200);
  http.operations.worldVersion++;
  expect((await ask(tag)).status).toBe(200);
});

test('a page of another origin may ask so, too', async () => {
  await using http = await startHttp({ config: { http: { cors_origins: ['https://play.example'] } } });
  const preflight = await fetch(`${http.url}${WORLD}`, {
    method: 'OPTIONS',
    headers: { origin: 'https://play.example', 'access-control-request-method': 'GET' },
  });
  expect(preflight.headers.get('access-control-allow-headers')).toContain('If-None-Match');
  expect(preflight.headers.get('access-control-expose-headers')).toContain('ETag');
});

test.each([
  ['?version=-1', 'version'],
  ['?version=two', 'version'],
  ['?full=yes', 'full'],
  ['?versions=1', 'versions'],
])('a question like %s is refused with the name of its fault', async (query, name) => {
  await using http = await startHttp();
  const answer = await http.call('GET', `${WORLD}${query}`);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(name);
  expect(http.operations.calls).toEqual([]);
});

test('the history is read page by page, over HTTP, with the client, and as operations', async () => {
  await using http = await startHttp();
  await http.call('POST', '/v1/sessions', { json: { session_id: 's' } });
  const client = createFleetClient({ baseUrl: http.url });
  const first = await client.listWorldVersions('s', { limit: 3 });
  expect(first.items.map(({ version }) => version)).toEqual([5, 4, 3]);
  const rest = await client.listWorldVersions('s', { limit: 3, cursor: first.next_cursor! });
  expect([rest.items.map(({ version }) => version), rest.next_cursor]).toEqual([[2, 1], null]);
  expect(await client.getWorld('s', { version: 1, full: true })).toMatchObject({ version: 1 });
  const operations = remoteOperations(client);
  const page = await operations.listWorldVersions('s', { limit: 3 }, LOCAL_OPERATOR);
  expect(page.nextBefore).toBe(3);
  const next = await operations.listWorldVersions('s', { limit: 3, before: 3 }, LOCAL_OPERATOR);
  expect([next.items.length, next.nextBefore]).toEqual([2, null]);
});
