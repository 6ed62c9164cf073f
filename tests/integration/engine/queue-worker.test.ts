import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deferred } from '../../../src/kernel/deferred.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { QueueWorker } from '../../../src/runtime/queue-worker.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

test('[C3.6] a worker that rests a second time gives back in the shorter time, and nothing once it works again', async () => {
  const prefix = testPrefix();
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue('ipa', { connection, prefix });
  const ended = new QueueEvents('ipa', { connection: connection.duplicate(), prefix });
  await ended.waitUntilReady();
  const begun = new Map(['first', 'second'].map((name) => [name, deferred()]));
  const go = deferred();
  const worker = new QueueWorker({
    queue: 'ipa',
    processor: async ({ name }, _token, signal) => {
      begun.get(name)!.resolve();
      const how = await Promise.race([go.promise, once(signal!, 'abort').then(() => 'given back')]);
      return how ?? 'done';
    },
    options: { connection, prefix, concurrency: 2 },
    log: createLogger({ level: 'silent', role: 'worker', instance: 'w1', version: '0' }),
    onMade: () => undefined,
  });
  worker.start();
  await worker.ready();
  const first = await queue.add('first', {});
  await begun.get('first')!.promise;
  const drained = worker.rest(300);
  await worker.rest(20);
  worker.resume();
  const second = await queue.add('second', {});
  await begun.get('second')!.promise;
  await sleep(400);
  go.resolve();
  expect(await first.waitUntilFinished(ended, 10_000)).toBe('given back');
  expect(await second.waitUntilFinished(ended, 10_000)).toBe('done');
  await drained;
  await worker.rest(1000);
  expect(worker.isRunning).toBe(false);
  await worker.close();
  await Promise.all([queue.close(), ended.close()]);
  await connection.quit();
});
