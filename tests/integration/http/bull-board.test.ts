import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBullBoard } from '../../../dashboards/bull-board/board.ts';
import { callerOf } from '../../../src/http/exchange.ts';
import { redact } from '../../../src/observability/redact.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';
import { startHttp } from '../../unit/http/support/start-http.ts';

const KEYS = { r: { roles: ['read'] }, o: { roles: ['operate'] }, a: { roles: ['admin'] } } as const;
const BOARD = '/admin/queues';

let server: TestRedis;
let queue: Queue;
beforeAll(async () => {
  server = await acquireRedis();
  queue = new Queue('ipa', { connection: { url: server.url }, prefix: testPrefix() });
  await queue.add('parse', { input: { text: 'a secret thought' } }, { jobId: 'j1' });
});
afterAll(async () => {
  await queue.close();
  await server.dispose();
});

async function start() {
  const boardHandler = createBullBoard({ queues: [queue], basePath: BOARD, redact, callerOf });
  return startHttp({ keys: KEYS, boardHandler });
}

test('the page and its scripts are served, and the policy of the page allows them', async () => {
  await using http = await start();
  const page = await http.call('GET', `${BOARD}/`, { as: 'r' });
  expect(page.status).toBe(200);
  expect(page.text).toContain(`<base href="${BOARD}/"`);
  const script = /src="(static\/js\/[^"]+)"/.exec(page.text)![1]!;
  expect((await http.call('GET', `${BOARD}/${script}`, { as: 'r' })).status).toBe(200);
  expect(page.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
});

test('job data is shown redacted, to everybody', async () => {
  await using http = await start();
  for (const as of ['r', 'o', 'a']) {
    const job = await http.call('GET', `${BOARD}/api/queues/ipa/j1`, { as });
    expect(job.status, job.text).toBe(200);
    expect(job.text).not.toContain('a secret thought');
    const list = await http.call(
      'GET',
      `${BOARD}/api/queues?activeQueue=ipa&status=latest&page=1&jobsPerPage=10`,
      { as },
    );
    expect(list.text).toContain('"j1"');
    expect(list.text).not.toContain('a secret thought');
  }
  expect((await http.call('GET', `${BOARD}/api/redis/stats`, { as: 'a' })).status).toBe(403);
});

test('each level can do what it may and no more', async () => {
  await using http = await start();
  const put = async (as: string, path: string) =>
    (await http.call('PUT', `${BOARD}/api/queues/${path}`, { as })).status;
  expect(await put('r', 'ipa/pause')).toBe(403);
  expect(await queue.isPaused()).toBe(false);
  expect(await put('o', 'ipa/pause')).toBe(200);
  expect(await queue.isPaused()).toBe(true);
  expect(await put('o', 'ipa/resume')).toBe(200);
  expect(await put('o', 'ipa/j1/clean')).toBe(403);
  const edited = await http.call('PATCH', `${BOARD}/api/queues/ipa/j1/update-data`, {
    as: 'a',
    json: { jobData: {} },
  });
  expect(edited.status).toBe(403);
  expect(await queue.getJob('j1')).toBeDefined();
  expect(await put('a', 'ipa/j1/clean')).toBe(204);
  expect(await queue.getJob('j1')).toBeUndefined();
});
