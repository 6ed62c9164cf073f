import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { ReceivedMessage } from '../../../src/coordination/models/queue-message.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

// What one process asks of a mailbox at the same moment goes in one script. Nobody may notice but Redis.

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const named = (n: number): string => `number-${String(n).padStart(3, '0')}`;
const idOf = (received: ReceivedMessage | null): string | undefined =>
  received?.queue_message.message.message_id;

function sendAll(one: MessageCoordinator, ids: readonly string[]) {
  return Promise.all(ids.map((message_id) => one.send(message({ message_id }))));
}

function receiveAll(one: MessageCoordinator, count: number): Promise<(ReceivedMessage | null)[]> {
  return Promise.all(Array.from({ length: count }, () => one.receive(BOB)));
}

async function scriptsRun(post: Post): Promise<number> {
  const stats = await post.redis.info('commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}

describe('sends at the same moment', () => {
  test('are received in their order, however many scripts they take', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const ids = Array.from({ length: 130 }, (_, n) => named(n));
    const priorities = [5, 9, 1] as const;
    const results = await Promise.all(
      ids.map((message_id, n) => one.send(message({ message_id, priority: priorities[n % 3]! }))),
    );
    expect(results.every(({ delivered, duplicate }) => delivered && !duplicate)).toBe(true);
    const band = (priority: number): string[] => ids.filter((_, n) => priorities[n % 3] === priority);
    expect((await receiveAll(one, 131)).map(idOf)).toEqual([...band(9), ...band(5), ...band(1), undefined]);
  });

  test('fill a mailbox to its limit and not beyond', async () => {
    await using post = new Post(server.url);
    const [one, other] = [0, 1].map(() => post.coordinator({ messaging: { queueSize: 50 } }));
    const [first, second] = await Promise.all([
      sendAll(
        one!,
        Array.from({ length: 60 }, (_, n) => named(n)),
      ),
      sendAll(
        other!,
        Array.from({ length: 60 }, (_, n) => named(100 + n)),
      ),
    ]);
    const all = [...first, ...second];
    expect(all.filter(({ delivered }) => delivered)).toHaveLength(50);
    expect(all.filter(({ error_code }) => error_code === 'queue_full')).toHaveLength(70);
    expect(await one!.depth(BOB)).toBe(50);
    await expect
      .poll(async () => (await one!.audit({ limit: 1000 })).map(({ event }) => event).toSorted())
      .toEqual([...Array.from({ length: 70 }, () => 'refused'), ...Array.from({ length: 50 }, () => 'sent')]);
  });

  test('of the same id make one message, and the first payload stays', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const results = await Promise.all(
      [1, 2, 3].map((n) => one.send(message({ message_id: 'the-same', payload: { n } }))),
    );
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, true, true]);
    const [first, second] = await receiveAll(one, 2);
    expect(first?.queue_message.message.payload).toEqual({ n: 1 });
    expect(second).toBeNull();
  });

  test('that Redis refuses one of are stored all the same, the others', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { queueSize: 3 } });
    await post.redis.set(`${post.prefix}:msg.bob.b1:m-${named(1)}`, 'not a job');
    const results = await sendAll(one, [0, 1, 2, 3, 4].map(named));
    expect(results.map(({ delivered, error_code }) => (delivered ? 'sent' : error_code))).toEqual([
      'sent',
      'unknown_outcome',
      'sent',
      'sent',
      'queue_full',
    ]);
    expect((await receiveAll(one, 3)).map(idOf)).toEqual([0, 2, 3].map(named));
  });
});

describe('receives and acks at the same moment', () => {
  test('give each message to one, and say of each whether it was still reserved', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await sendAll(one, [0, 1, 2, 3].map(named));
    const held = await receiveAll(one, 4);
    expect(new Set(held.map((received) => received?.token)).size).toBe(4);
    await post.redis.del(`${post.prefix}:msg.bob.b1:m-${named(2)}:lock`);
    const token = (n: number): string => held[n]!.token;
    const acks = [0, 0, 2, 3].map((n) => one.ack(BOB, token(n)));
    expect(await Promise.all([...acks, one.receive(BOB)])).toEqual([true, false, false, true, null]);
    expect(await one.ack(BOB, token(1))).toBe(true);
  });

  test('hold each message as long as its own receiver asked for', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await sendAll(one, [0, 1].map(named));
    await Promise.all([
      one.receive(BOB, { visibilityTimeoutMs: 1000 }),
      one.receive(BOB, { visibilityTimeoutMs: 60_000 }),
    ]);
    const left = await Promise.all(
      [0, 1].map((n) => post.redis.pttl(`${post.prefix}:msg.bob.b1:m-${named(n)}:lock`)),
    );
    expect(left[0]).toBeLessThanOrEqual(1000);
    expect(left[1]).toBeGreaterThan(30_000);
  });

  test('get large messages in portions, and each of them', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const text = 'x'.repeat(200_000);
    const ids = [0, 1, 2, 3, 4].map(named);
    const sent = await Promise.all(
      ids.map((message_id) => one.send(message({ message_id, payload: { text } }))),
    );
    expect(sent.every(({ delivered }) => delivered)).toBe(true);
    const got = await receiveAll(one, 6);
    expect(got.map(idOf)).toEqual([...ids, undefined]);
    expect(got[4]?.queue_message.message.payload).toEqual({ text });
  });

  test('set aside what is no message, and go on with the next', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await sendAll(one, [0, 1, 2, 3].map(named));
    const spoil = (n: number, field: string, value: string) =>
      post.redis.hset(`${post.prefix}:msg.bob.b1:m-${named(n)}`, field, value);
    await spoil(0, 'data', '{');
    await spoil(1, 'data', '{"no":"message"}');
    await spoil(2, 'opts', '{');
    const got = (await receiveAll(one, 4)).map(idOf);
    expect(got.filter((id) => id !== undefined)).toEqual([named(3)]);
    const letters = await one.listDeadLetters(BOB);
    expect(letters.map(({ letter }) => letter.reason)).toEqual([
      'invalid_envelope',
      'invalid_envelope',
      'permanent_failure',
    ]);
  });
});

describe('a consumer', () => {
  test('asks for the next message in the step in which it acks the last', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { auditMaxLen: 0 } });
    const agent = { type: 'bob' };
    const ids = Array.from({ length: 60 }, (_, n) => named(n));
    await Promise.all(ids.map((message_id) => one.send(message({ message_id, recipient: agent }))));
    const before = await scriptsRun(post);
    const seen: string[] = [];
    const consumer = one.consume(agent, ({ queue_message }) => {
      seen.push(queue_message.message.message_id);
    });
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(ids);
    await consumer.close();
    // One for each message and a few at the beginning and the end; with two for each it would be 120.
    expect((await scriptsRun(post)) - before).toBeLessThan(75);
    expect(await one.depth(agent)).toBe(0);
  });

  test('of many at once needs fewer scripts than messages', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const ids = Array.from({ length: 300 }, (_, n) => named(n));
    const before = await scriptsRun(post);
    const handled = new Set<string>();
    const consumer = one.consume(
      { type: 'bob' },
      ({ queue_message }) => void handled.add(queue_message.message.message_id),
      { concurrency: 50 },
    );
    await Promise.all(ids.map((message_id) => one.send(message({ message_id, recipient: { type: 'bob' } }))));
    await expect.poll(() => handled.size, { timeout: 10_000 }).toBe(300);
    await consumer.close();
    expect(await one.depth({ type: 'bob' })).toBe(0);
    expect((await scriptsRun(post)) - before).toBeLessThan(300);
  });

  test('that is closed while the next one comes gives it back to its place, unharmed', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const agent = { type: 'bob' };
    const send = (message_id: string) => one.send(message({ message_id, recipient: agent }));
    await send('first-1');
    await send('second-1');
    const handled: string[] = [];
    const returned = deferred();
    const consumer = one.consume(agent, async ({ queue_message }) => {
      handled.push(queue_message.message.message_id);
      // Scripts wait now: the ack and the look for the next are under way when the consumer is closed.
      await post.redis.client('PAUSE', 300, 'WRITE');
      returned.resolve();
    });
    await returned.promise;
    await setImmediate();
    await consumer.close();
    await send('third-1');
    expect(handled).toEqual(['first-1']);
    const other = post.coordinator();
    const next = await other.receive(agent);
    expect(next?.queue_message).toMatchObject({
      message: { message_id: 'second-1' },
      delivery_attempts: 0,
      stalls: 0,
    });
    expect(idOf(await other.receive(agent))).toBe('third-1');
    expect(await other.receive(agent)).toBeNull();
    await expect
      .poll(async () => (await one.audit({ messageId: 'second-1' })).map(({ event }) => event).toSorted())
      .toEqual(['received', 'received', 'released', 'sent']);
  });

  test('whose message was lost meanwhile gets the next one all the same', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const agent = { type: 'bob' };
    for (const message_id of ['lost-001', 'kept-001'])
      await one.send(message({ message_id, recipient: agent }));
    const handled: string[] = [];
    const consumer = one.consume(agent, async ({ queue_message: { message: got } }) => {
      handled.push(got.message_id);
      if (handled.length === 1) await post.redis.del(`${post.prefix}:msg.bob.default:m-lost-001:lock`);
    });
    await expect.poll(() => handled, { timeout: 5000 }).toEqual(['lost-001', 'kept-001']);
    expect(await one.recoverPending(agent)).toBe(1);
    await expect.poll(() => handled, { timeout: 5000 }).toEqual(['lost-001', 'kept-001', 'lost-001']);
    await consumer.close();
    expect(await one.depth(agent)).toBe(0);
  });

  test('serves its own mailbox and the shared one in turn, also when messages fail', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { retryAttempts: 0 } });
    for (let n = 0; n < 6; n += 1) {
      await one.send(message({ message_id: `own-${n}00` }));
      await one.send(message({ message_id: `shared-${n}`, recipient: { type: 'bob' } }));
    }
    const seen: string[] = [];
    one.consume(BOB, ({ queue_message }) => {
      seen.push(queue_message.message.message_id.slice(0, 1));
      if (seen.length % 3 === 0) throw new Error('not this one');
    });
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(12);
    for (let n = 2; n < 12; n += 2) {
      const owns = seen.slice(0, n).filter((kind) => kind === 'o').length;
      expect(Math.abs(2 * owns - n)).toBeLessThanOrEqual(2);
    }
  });
});
