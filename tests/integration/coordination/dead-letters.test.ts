import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { MessagingCore } from '../../../src/coordination/messages/core.ts';
import { openCore, type CoordinatorOptions } from '../../../src/coordination/messages/open-core.ts';
import { replayDeadLetter } from '../../../src/coordination/messages/replay.ts';
import { Sweeper } from '../../../src/coordination/messages/sweeper.ts';
import { BOB, Lines, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => void vi.useRealTimers());

const ID = 'replayed-1';

async function deadLetter(one: MessageCoordinator): Promise<string> {
  await one.send(message({ message_id: ID }));
  await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent', error: 'first' });
  return (await one.listDeadLetters(BOB))[0]!.id;
}

function coreOf(post: Post, options: Partial<CoordinatorOptions> = {}): MessagingCore & AsyncDisposable {
  const { core } = openCore({ connection: post.url, keyPrefix: post.prefix, ...options });
  const close = async (): Promise<void> => {
    await core.audit.flush();
    await core.mailboxes.close();
    await core.redis.quit();
  };
  return { ...core, [Symbol.asyncDispose]: close };
}

/** What this client says after it has posted a message waits until it is let through. */
function pauseAfterPost(redis: Redis): { readonly posted: Promise<void>; readonly letThrough: () => void } {
  const posted = Promise.withResolvers<void>();
  const through = Promise.withResolvers<void>();
  const send = redis.sendCommand.bind(redis);
  let isPosted = false;
  redis.sendCommand = async (command, stream) => {
    const isPost = command.args.some((arg) => String(arg).includes(`"message_id":"${ID}"`));
    if (isPosted && !isPost) await through.promise;
    const answer: unknown = await send(command, stream);
    if (isPost) {
      isPosted = true;
      posted.resolve();
    }
    return answer;
  };
  return { posted: posted.promise, letThrough: through.resolve };
}

test('what is given up again before its replay is through is a dead letter again', async () => {
  await using post = new Post(server.url);
  const one = post.coordinator();
  await using core = coreOf(post);
  const id = await deadLetter(one);
  const { posted, letThrough } = pauseAfterPost(core.redis);
  const replaying = replayDeadLetter(core, BOB, id);
  await posted;
  await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent', error: 'second' });
  letThrough();
  expect(await replaying).toMatchObject({ delivered: true });
  const letters = await one.listDeadLetters(BOB);
  expect(letters.map(({ letter }) => letter.history.map(({ error }) => error))).toEqual([['second']]);
  expect(await one.depth(BOB)).toBe(0);
});

test('[B8] two who replay the same entry put one message into the mailbox, however quickly it is handled', async () => {
  await using post = new Post(server.url);
  const one = post.coordinator();
  await using first = coreOf(post);
  await using second = coreOf(post);
  const id = await deadLetter(one);
  const { posted, letThrough } = pauseAfterPost(first.redis);
  const replaying = replayDeadLetter(first, BOB, id);
  await posted;
  expect(await one.ack(BOB, (await one.receive(BOB))!.token)).toBe(true);
  const again = replayDeadLetter(second, BOB, id);
  await Promise.race([again, sleep(300)]);
  letThrough();
  expect(await replaying).toMatchObject({ delivered: true });
  expect(await again).toBeNull();
  expect(await one.receive(BOB)).toBeNull();
  expect(await one.listDeadLetters(BOB)).toEqual([]);
  expect(await post.redis.keys(`${post.prefix}:replays:*`)).toEqual([]);
});

test('the age of a dead letter is measured by the clock of Redis', async () => {
  await using post = new Post(server.url);
  const one = post.coordinator();
  await deadLetter(one);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 });
  expect(await one.purge(BOB, { olderThanMs: 3_600_000 })).toBe(0);
  vi.useRealTimers();
  expect(await one.purge(BOB)).toBe(1);
});

test('many dead letters are warned of when it comes to that, and not at every look', async () => {
  await using post = new Post(server.url);
  const one = post.coordinator();
  const log = new Lines();
  await using core = coreOf(post, { logger: log, messaging: { dlqWarnThreshold: 1 } });
  await core.mailboxes.receiver(BOB);
  const sweeper = new Sweeper(core, () => 0);
  const warnings = async (): Promise<number> => {
    for (let look = 0; look < 3; look += 1) await sweeper.watch();
    return log.lines.filter(({ level }) => level === 'warn').length;
  };
  await deadLetter(one);
  expect(await warnings()).toBe(0);
  await deadLetter(one);
  expect(await warnings()).toBe(1);
  await one.purge(BOB);
  expect(await warnings()).toBe(1);
  await deadLetter(one);
  await deadLetter(one);
  expect(await warnings()).toBe(2);
});
