import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CoordinationUnavailableError } from '../../../src/coordination/errors.ts';
import { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import { BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { tcpGate, type TcpGate } from '../../support/tcp-gate.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

function gateTo(url: string): Promise<TcpGate> {
  const { hostname, port } = new URL(url);
  return tcpGate({ host: hostname, port: Number(port) });
}

function through(gate: TcpGate, post: Post): MessageCoordinator {
  const { pathname } = new URL(post.url);
  return post.coordinator({ connection: `redis://127.0.0.1:${gate.port}${pathname}` });
}

async function timed<T>(work: Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work;
  expect(performance.now() - startedAt).toBeLessThan(5000);
  return result;
}

test('where there is no Redis, a send says so within five seconds, and nothing else hangs', async () => {
  const one = new MessageCoordinator({ connection: 'redis://:secret@127.0.0.1:1/0' });
  for (let round = 0; round < 2; round += 1) {
    expect(await timed(one.send(message()))).toMatchObject({
      delivered: false,
      duplicate: false,
      error_code: 'redis_unavailable',
    });
  }
  const refusal: unknown = await timed(one.receive(BOB).catch((error: unknown) => error));
  expect(refusal).toBeInstanceOf(CoordinationUnavailableError);
  expect(refusal).toMatchObject({ code: 'redis_unavailable', kind: 'unavailable' });
  expect(String(refusal)).not.toContain('secret');
  await expect(timed(one.start())).rejects.toMatchObject({ kind: 'unavailable' });
  await timed(one.close());
});

test('an outage refuses at once, and the end of it is noticed', async () => {
  await using post = new Post(server.url);
  await using gate = await gateTo(server.url);
  const one = through(gate, post);
  await one.send(message({ message_id: 'before-1' }));
  const { token } = (await one.receive(BOB))!;
  await gate.close();
  await sleep(50);
  expect(await timed(one.send(message()))).toMatchObject({ error_code: 'redis_unavailable' });
  await expect(timed(one.ack(BOB, token))).rejects.toBeInstanceOf(CoordinationUnavailableError);
  await expect(timed(one.nack(BOB, token))).rejects.toBeInstanceOf(CoordinationUnavailableError);
  await expect(timed(one.receive(BOB))).rejects.toBeInstanceOf(CoordinationUnavailableError);
  await gate.open();
  await expect
    .poll(async () => (await one.send(message({ message_id: 'after-1' }))).delivered, { timeout: 10_000 })
    .toBe(true);
  expect(await one.ack(BOB, token)).toBe(true);
  expect((await one.receive(BOB, { waitMs: 5000 }))?.queue_message.message.message_id).toBe('after-1');
});

test('a Redis that is silent is given up in time, and sending the same id again is safe', async () => {
  await using post = new Post(server.url);
  const one = post.coordinator();
  await one.send(message());
  await post.redis.client('PAUSE', 2500, 'ALL');
  const [sent, received] = await timed(
    Promise.all([
      one.send(message({ message_id: 'silence-1' })),
      one.receive(BOB).catch((error: unknown) => error),
    ]),
  );
  // The command was on its way: Redis may carry it out when it speaks again.
  expect(sent).toMatchObject({ delivered: false, error_code: 'unknown_outcome' });
  expect(received).toBeInstanceOf(CoordinationUnavailableError);
  await post.redis.ping();
  expect(await one.send(message({ message_id: 'silence-1' }))).toMatchObject({ delivered: true });
  // What the receiver was not told of any more it does not keep.
  await expect.poll(async () => (await one.mailbox(BOB)).waiting[5], { timeout: 5000 }).toBe(2);
});

test('a connection that is lost during sends leaves nothing unclear', { timeout: 60_000 }, async () => {
  await using post = new Post(server.url);
  await using gate = await gateTo(server.url);
  const one = through(gate, post);
  await one.send(message({ message_id: 'number-x' }));
  const ids = Array.from({ length: 200 }, (_, n) => `number-${n}`);
  const sends = Promise.all(ids.map((message_id) => one.send(message({ message_id }))));
  await sleep(20);
  await gate.close();
  const results = await timed(sends);
  await gate.open();
  const other = post.coordinator();
  for (const { message_id, delivered, error_code } of results) {
    const again = await other.send(message({ message_id }));
    expect(again.delivered).toBe(true);
    // What was delivered is there; what was refused for sure is not.
    if (delivered) expect(again.duplicate, message_id).toBe(true);
    else if (error_code === 'redis_unavailable') expect(again.duplicate, message_id).toBe(false);
    else expect(error_code).toBe('unknown_outcome');
  }
  expect((await other.mailbox(BOB)).waiting[5]).toBe(201);
});

test('what is sent again for an unknown outcome goes where it went before', { timeout: 60_000 }, async () => {
  await using post = new Post(server.url);
  await using gate = await gateTo(server.url);
  let chosen = 0;
  const { pathname } = new URL(post.url);
  const one = post.coordinator({
    connection: `redis://127.0.0.1:${gate.port}${pathname}`,
    resolveRecipient: async ({ type }) => ({ type, instance: `i${(chosen += 1)}` }),
  });
  const monitor = await post.redis.monitor();
  const send = (message_id: string) => one.send(message({ message_id, recipient: { type: 'bob' } }));
  const cut = async (message_id: string) => {
    const arrived = new Promise<void>((resolve) => {
      monitor.on('monitor', (_time: string, args: string[]) => {
        if (args.some((part) => part.includes(`"message_id":"${message_id}"`))) resolve();
      });
    });
    const sending = send(message_id);
    await arrived;
    await gate.close();
    const result = await sending;
    await gate.open();
    await expect.poll(async () => (await send('link-up')).delivered, { timeout: 10_000 }).toBe(true);
    return result;
  };
  // The answer of Redis may be faster than the cut.
  let lost = await cut('lost-0001');
  for (let n = 2; lost.error_code !== 'unknown_outcome' && n < 40; n += 1) lost = await cut(`lost-000${n}`);
  monitor.disconnect();
  expect(lost.error_code).toBe('unknown_outcome');
  const again = await send(lost.message_id);
  expect(again).toMatchObject({ delivered: true, duplicate: true, recipient: lost.recipient });
  // From now on all is known, and the choice is free again.
  expect((await send(lost.message_id)).recipient).toEqual({ type: 'bob', instance: `i${chosen}` });
});

test('an agent goes on when Redis is back', { timeout: 60_000 }, async () => {
  await using post = new Post(server.url);
  await using gate = await gateTo(server.url);
  const one = through(gate, post);
  const other = post.coordinator();
  const handled: string[] = [];
  one.consume(BOB, ({ queue_message }) => void handled.push(queue_message.message.message_id));
  await other.send(message({ message_id: 'before-1' }));
  await expect.poll(() => handled, { timeout: 5000 }).toEqual(['before-1']);
  await gate.close();
  await other.send(message({ message_id: 'during-1' }));
  await sleep(300);
  await gate.open();
  await expect.poll(() => handled, { timeout: 20_000 }).toEqual(['before-1', 'during-1']);
});
