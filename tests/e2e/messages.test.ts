import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCoordinationKeys } from '../../src/coordination/keys.ts';
import { QUICK_SETTINGS } from '../../src/testing/settings.ts';
import type { MailboxTask } from '../support/mailbox-process.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../support/redis.ts';

const ROOT = join(import.meta.dirname, '../..');
const prefix = testPrefix();
/** Nothing listens there. */
const NO_REDIS = 'redis://user:hunter2@127.0.0.1:1/0';

let server: TestRedis;
let redis: Redis;
let url: string;
const children: ChildProcess[] = [];

/** Starts a process and returns the first document it prints, which is one line. */
async function start(
  script: string,
  args: string[],
  env: Record<string, string>,
): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return [child, line];
}

function sh(file: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { AO_REDIS__URL: _, REDIS_URL: __, AO_CONFIG: ___, ...env } = process.env;
  return new Promise((resolve) => {
    execFile('sh', [join(ROOT, file), ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

async function request(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, ...init });
  return { status: answer.status, body: await answer.json() };
}

beforeAll(async () => {
  server = await acquireRedis();
  redis = new Redis(server.url);
  // Somebody else is to sweep, and does not: what is put back, the test has put back.
  await redis.set(createCoordinationKeys(prefix).sweepLease(), 'somebody else');
  const settings = { ...QUICK_SETTINGS, 'redis.url': server.url, 'redis.key_prefix': prefix, port: '0' };
  const env = Object.entries({ ...settings, 'safety.enabled': 'false' }).map(([key, value]) => [
    `AO_${key.toUpperCase().replaceAll('.', '__')}`,
    value,
  ]);
  const [, ready] = await start('src/cli/main.ts', ['api', '--json'], Object.fromEntries(env));
  ({ url } = JSON.parse(ready) as { url: string });
});
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(keys);
  await redis.quit();
  await server[Symbol.asyncDispose]();
});

test('[R2.2] a message that is sent over HTTP, whose consumer is killed, is put back from the command line', async () => {
  const sent = await request('POST', '/v1/messages', {
    message_id: 'orphan-1',
    sender: { type: 'anna' },
    recipient: { type: 'bob', instance: 'b1' },
    message_type: 'request',
    payload: { text: 'are you there?' },
  });
  expect(sent).toMatchObject({ status: 202, body: { delivered: true, message_id: 'orphan-1' } });
  expect(await request('GET', '/v1/mailboxes/bob/b1')).toMatchObject({
    status: 200,
    body: { counts: { waiting: 1, delayed: 0, reserved: 0 } },
  });

  const messaging = { visibilityTimeoutMs: 500 };
  const task: MailboxTask = { url: server.url, prefix, role: 'holder', messaging };
  const [holder, taken] = await start('tests/support/mailbox-process.ts', [JSON.stringify(task)], {});
  expect(taken).toBe('"orphan-1"');
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  const [job] = await redis.lrange(`${prefix}:msg.bob.b1:active`, 0, -1);
  await expect.poll(() => redis.exists(`${prefix}:msg.bob.b1:${job}:lock`), { timeout: 10_000 }).toBe(0);

  expect(await sh('bin/recover', server.url, '--key-prefix', prefix)).toEqual({
    code: 0,
    stdout: 'Recovered messages summary:\n  bob:b1: 1\nTotal recovered: 1\n',
    stderr: '',
  });
  expect(await request('GET', '/v1/mailboxes/bob/b1')).toMatchObject({
    body: { counts: { waiting: 1, delayed: 0, reserved: 0 } },
  });
  const { body } = await request('GET', '/v1/audit/messages?message_id=orphan-1');
  const events = (body as { items: { event: string }[] }).items.map(({ event }) => event);
  // What the consumer wrote may have died with it.
  expect(events.filter((event) => event !== 'received')).toEqual(['recovered', 'sent']);
});

test('recover without a Redis ends with 1 and one line that holds no password', async () => {
  expect(await sh('bin/recover', NO_REDIS)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'ao: cannot reach Redis at redis://127.0.0.1:1/0\n',
  });
});
