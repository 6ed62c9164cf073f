import type { RequestHandler } from 'express';
import { expect, test } from 'vitest';
import { mayCall } from '../../../dashboards/bull-board/permissions.ts';
import { callerOf } from '../../../src/http/exchange.ts';
import { keyOf, startHttp } from './support/start-http.ts';

const KEYS = {
  e: { roles: ['enqueue'] },
  r: { roles: ['read'] },
  o: { roles: ['operate'] },
  a: { roles: ['admin'] },
} as const;
const BOARD = '/admin/queues';
/** Answers with who asked. */
const echo: RequestHandler = (_req, res) => {
  res.json({ caller: callerOf(res)?.id });
};

test('the board asks for Basic credentials and takes the API keys of readers', async () => {
  await using http = await startHttp({ keys: KEYS, boardHandler: echo });
  const anonymous = await http.call('GET', BOARD);
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  const basic = { headers: { authorization: `Basic ${btoa(`r:${keyOf('r')}`)}` } };
  expect((await http.call('GET', BOARD, basic)).body).toEqual({ caller: 'r' });
  expect((await http.call('GET', `${BOARD}/api/queues`, { as: 'a' })).body).toEqual({ caller: 'a' });
  expect((await http.call('GET', BOARD, { as: 'e' })).status).toBe(403);
});

test('a change must come from the board itself, and is audited before and after', async () => {
  await using http = await startHttp({ keys: KEYS, boardHandler: echo });
  const path = `${BOARD}/api/queues/ipa/pause`;
  const foreign = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    const answer = await http.call('PUT', path, { as: 'o', headers });
    expect([answer.status, answer.body.code]).toEqual([403, 'ORIGIN_NOT_ALLOWED']);
  }
  expect(http.audit.entries.map(({ reason }) => reason)).toEqual(foreign.map(() => 'origin_not_allowed'));
  http.audit.entries.length = 0;
  expect((await http.call('PUT', path, { as: 'o', headers: { origin: http.url } })).status).toBe(200);
  await expect.poll(() => http.audit.entries.length).toBe(2);
  expect(http.audit.entries).toMatchObject([
    { actor: 'o', action: 'board.change', outcome: 'attempted', target: `PUT ${path}` },
    { actor: 'o', action: 'board.change', outcome: 'done', status: 200 },
  ]);
  http.audit.isDown = true;
  expect((await http.call('PUT', path, { as: 'o' })).status).toBe(503);
});

test('without keys the board is served in development only', async () => {
  const statusIn = async (environment: string) => {
    await using http = await startHttp({ config: { environment }, boardHandler: echo });
    return (await http.call('GET', BOARD)).status;
  };
  expect(await statusIn('development')).toBe(200);
  expect(await statusIn('testing')).toBe(403);
});

test('the switch features.bull_board turns it off', async () => {
  await using http = await startHttp({
    keys: KEYS,
    config: { features: { bull_board: false } },
    boardHandler: echo,
  });
  expect((await http.call('GET', BOARD, { as: 'a' })).body.code).toBe('FEATURE_DISABLED');
});

test('read looks, operate also moves jobs, admin also removes them, nobody writes data', () => {
  const queue = '/api/queues/:queueName';
  const may = (method: string, route: string) =>
    (['read', 'operate', 'admin'] as const).filter((level) => mayCall(level, method, route));
  expect(may('get', '/api/queues')).toEqual(['read', 'operate', 'admin']);
  expect(may('put', `${queue}/:jobId/retry`)).toEqual(['operate', 'admin']);
  expect(may('put', `${queue}/pause`)).toEqual(['operate', 'admin']);
  expect(may('put', `${queue}/obliterate`)).toEqual(['admin']);
  expect(may('put', `${queue}/:jobId/clean`)).toEqual(['admin']);
  expect(may('patch', `${queue}/:jobId/update-data`)).toEqual([]);
  expect(may('post', `${queue}/add`)).toEqual([]);
});
