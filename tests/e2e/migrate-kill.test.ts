import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MessageCoordinator } from '../../src/entries/coordination.ts';
import { OLD_TARGET, OldFleet, oldMessage } from '../support/old-layout.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../support/redis.ts';

const AO = join(import.meta.dirname, '../../src/cli/main.ts');
const COUNT = 1000;

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await acquireRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  await redis.quit();
  await server.dispose();
});

test('ao migrate that is killed in the middle goes on where it was, while messages are handled', async () => {
  const prefix = testPrefix();
  const old = new OldFleet(redis, prefix);
  const ids = Array.from({ length: COUNT }, (_, n) => `message-${n}`);
  await Promise.all(ids.map((id, n) => old.send(oldMessage(id), 5, 1_700_000_000 + n)));
  const args = [AO, 'migrate', '--redis-url', server.url, '--prefix', prefix, '--json'];

  const first = spawn(process.execPath, args, { stdio: 'ignore' });
  const exit = once(first, 'exit');
  await using coordinator = new MessageCoordinator({ connection: server.url, keyPrefix: prefix });
  const handled: string[] = [];
  const handle = async (waitMs: number): Promise<boolean> => {
    const received = await coordinator.receive(OLD_TARGET, { waitMs });
    if (received === null) return false;
    handled.push(received.queue_message.message.message_id);
    return coordinator.ack(OLD_TARGET, received.token);
  };
  while (handled.length < 5 && (await handle(30_000)));
  first.kill('SIGKILL');
  expect((await exit)[1]).toBe('SIGKILL');

  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { total, is_complete } = JSON.parse(stdout) as {
    total: Record<string, number>;
    is_complete: boolean;
  };
  expect(is_complete).toBe(true);
  expect(total['moved']! + total['moved_before']!).toBe(COUNT);
  expect(total['moved_before']).toBeGreaterThanOrEqual(5);
  expect(total['moved']).toBeGreaterThan(0);
  while (await handle(0));
  expect(handled).toEqual(ids);
}, 60_000);
