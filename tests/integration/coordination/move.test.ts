import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { AgentIdInput } from '../../../src/coordination/models/agent-id.ts';
import type { QueueMessage } from '../../../src/coordination/models/queue-message.ts';
import { BOB, CountingSink, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const BEN = { type: 'bob', instance: 'b2' };

async function drain(one: MessageCoordinator, agent: AgentIdInput): Promise<QueueMessage[]> {
  const all: QueueMessage[] = [];
  for (;;) {
    const received = await one.receive(agent);
    if (received === null) return all;
    all.push(received.queue_message);
    await one.ack(agent, received.token);
  }
}

const idsOf = (all: readonly QueueMessage[]): string[] =>
  all.map(({ message: { message_id } }) => message_id);

describe('moving messages to another mailbox', () => {
  test('keeps everything of them, and the order within each band', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const [message_id, priority] of [
      ['low-001', 1],
      ['norm-001', 5],
      ['high-001', 9],
      ['norm-002', 5],
    ] as const)
      await one.send(message({ message_id, priority, payload: { of: message_id } }));
    await one.send(message({ message_id: 'there-01', recipient: BEN }));
    const before = await one.peek(BOB);
    expect(idsOf(before)).toEqual(['high-001', 'norm-001', 'norm-002', 'low-001']);

    expect(await one.move(BOB, BEN)).toEqual({ moved: 4, kept: 0, isPaused: false });
    expect(await one.peek(BOB)).toEqual([]);
    const after = await drain(one, BEN);
    expect(idsOf(after)).toEqual(['high-001', 'there-01', 'norm-001', 'norm-002', 'low-001']);
    for (const each of before) expect(after).toContainEqual(each);
    expect(await one.move(BOB, BEN)).toEqual({ moved: 0, kept: 0, isPaused: false });
    expect(await post.redis.keys(`${post.prefix}:msg.bob.*:m-*`)).toEqual([]);
  });

  test('keeps attempts, the last error, the history and the moment of the next attempt', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { backoffBaseMs: 400, retryAttempts: 1 } });
    await one.send(message({ message_id: 'again-01' }));
    await one.nack(BOB, (await one.receive(BOB))!.token, { error: 'first' });
    const due = await post.redis.zscore(`${post.prefix}:msg.bob.b1:delayed`, 'm-again-01');
    await one.move(BOB, BEN);
    expect(await post.redis.zscore(`${post.prefix}:msg.bob.b2:delayed`, 'm-again-01')).toBe(due);
    expect(await one.receive(BEN)).toBeNull();
    const again = await one.receive(BEN, { waitMs: 5000 });
    expect(again?.queue_message).toMatchObject({ delivery_attempts: 1, last_error: 'first' });
    await one.nack(BEN, again!.token, { error: 'second' });
    const [entry] = await one.listDeadLetters(BEN);
    expect(entry?.letter).toMatchObject({
      reason: 'attempts_exhausted',
      attempts: 2,
      history: [{ error: 'first' }, { error: 'second' }],
    });
  });

  test('leaves alone what is reserved until its reservation expires', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const message_id of ['held-001', 'free-001', 'free-002']) await one.send(message({ message_id }));
    const held = await one.receive(BOB, { visibilityTimeoutMs: 150 });
    expect(await one.move(BOB, BEN)).toMatchObject({ moved: 2 });
    expect(await one.move(BOB, BEN)).toMatchObject({ moved: 0 });
    await sleep(170);
    expect(await one.move(BOB, BEN)).toMatchObject({ moved: 1 });
    expect(await one.ack(BOB, held!.token)).toBe(false);
    const got = await drain(one, BEN);
    expect(idsOf(got)).toEqual(['free-001', 'free-002', 'held-001']);
    expect(got[2]).toMatchObject({ stalls: 1, delivery_attempts: 0 });
  });

  test('leaves what is put back while a handler holds on to it', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const message_id of ['back-001', 'back-002']) await one.send(message({ message_id }));
    const held = await one.receive(BOB);
    await one.move(BOB, BEN);
    expect(await one.release(BOB, held!.token)).toBe(true);
    expect(idsOf(await one.peek(BOB))).toEqual(['back-001']);
    await one.move(BOB, BEN);
    expect(idsOf(await drain(one, BEN))).toEqual(['back-002', 'back-001']);
  });

  test('is not refused by a full target, which then refuses others', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { queueSize: 2 } });
    for (const recipient of [BOB, BOB, BEN, BEN]) await one.send(message({ recipient }));
    expect(await one.move(BOB, BEN)).toMatchObject({ moved: 2 });
    expect(await one.send(message({ recipient: BEN }))).toMatchObject({ error_code: 'queue_full' });
    expect(await one.send(message())).toMatchObject({ delivered: true });
    expect(await drain(one, BEN)).toHaveLength(4);
  });

  test('leaves a message whose id is in the target until that one is handled, and loses neither', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message({ message_id: 'same-001', payload: { by: 'bob' } }));
    await one.send(message({ message_id: 'same-001', payload: { by: 'ben' }, recipient: BEN }));
    await one.send(message({ message_id: 'other-01' }));
    expect(await one.move(BOB, BEN)).toEqual({ moved: 1, kept: 1, isPaused: false });
    expect((await drain(one, BEN)).map(({ message: { payload } }) => payload)).toEqual([{ by: 'ben' }, {}]);
    expect(await one.move(BOB, BEN)).toEqual({ moved: 1, kept: 0, isPaused: false });
    expect((await drain(one, BEN)).map(({ message: { payload } }) => payload)).toEqual([{ by: 'bob' }]);
  });

  test('keeps one of two copies of the same accepted send', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message({ message_id: 'twice-01' }));
    const [from, to] = [BOB, BEN].map(({ instance }) => `${post.prefix}:msg.bob.${instance}`);
    await post.redis.copy(`${from}:m-twice-01`, `${to}:m-twice-01`);
    await post.redis.zadd(`${to}:prioritized`, 5 * 2 ** 32 + 1, 'm-twice-01');
    expect(await one.move(BOB, BEN)).toEqual({ moved: 0, kept: 0, isPaused: false });
    expect(await one.peek(BOB)).toEqual([]);
    expect(await post.redis.exists(`${from}:m-twice-01`)).toBe(0);
    expect(idsOf(await drain(one, BEN))).toEqual(['twice-01']);
  });

  test('moves none out of a paused mailbox', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message({ message_id: 'pause-01' }));
    await post.queue().pause();
    expect(await one.move(BOB, BEN)).toEqual({ moved: 0, kept: 0, isPaused: true });
    await post.queue().resume();
    expect(await one.move(BOB, BEN)).toMatchObject({ moved: 1, isPaused: false });
  });

  test('moves only those that are named', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const n of [1, 2, 3, 4]) await one.send(message({ message_id: `pick-00${n}` }));
    const messageIds = ['pick-002', 'pick-004', 'pick-009'];
    expect(await one.move(BOB, BEN, { messageIds })).toMatchObject({ moved: 2 });
    expect(idsOf(await one.peek(BOB))).toEqual(['pick-001', 'pick-003']);
  });

  test('refuses a move that is none', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await expect(one.move(BOB, { type: 'bob', instance: 'b1' })).rejects.toMatchObject({
      issues: [{ path: 'to', message: 'is the mailbox it is moved from' }],
    });
    await expect(one.move({ type: '1' }, BEN)).rejects.toMatchObject({ code: 'validation' });
  });

  test('wakes whoever waits for messages of the target, at once or when they are due', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { backoffBaseMs: 300 } });
    await one.send(message({ message_id: 'wake-001' }));
    await one.send(message({ message_id: 'wake-002', priority: 1 }));
    await one.nack(BOB, (await one.receive(BOB))!.token);
    const waiting = [one.receive(BEN, { waitMs: 10_000 }), one.receive(BEN, { waitMs: 10_000 })];
    await one.move(BOB, BEN);
    const got = await Promise.all(waiting);
    const ids = new Set(got.map((received) => received?.queue_message.message.message_id));
    expect(ids).toEqual(new Set(['wake-001', 'wake-002']));
  });

  test('tells the audit and the metrics of each', async () => {
    await using post = new Post(server.url);
    const metrics = new CountingSink();
    const one = post.coordinator({ metrics });
    for (let n = 0; n < 120; n += 1) await one.send(message({ message_id: `many-${n}`, priority: 9 }));
    expect(await one.move(BOB, BEN)).toMatchObject({ moved: 120 });
    expect(metrics.total('agent_messages_moved_total')).toBe(120);
    await expect
      .poll(async () => (await one.audit({ limit: 500 })).filter(({ event }) => event === 'moved').length)
      .toBe(120);
    const [entry] = await one.audit({ messageId: 'many-7' });
    expect(entry).toMatchObject({ event: 'moved', recipient: 'bob:b2', sender: 'anna:default' });
    expect(idsOf(await drain(one, BEN))).toEqual(Array.from({ length: 120 }, (_, n) => `many-${n}`));
  });
});

test('of messages that are moved by several at once while others take them, each is handled once', async () => {
  await using post = new Post(server.url);
  const all = [0, 1, 2].map(() => post.coordinator());
  const sent = Array.from({ length: 150 }, (_, n) => `race-${n}`);
  await Promise.all(sent.map((message_id, n) => all[n % 3]!.send(message({ message_id }))));
  const taken: string[] = [];
  const takers = [BOB, BEN, { type: 'bob', instance: 'b3' }].map((agent, n) =>
    all[n]!.consume(agent, ({ queue_message }) => void taken.push(queue_message.message.message_id), {
      concurrency: 3,
    }),
  );
  const CAP = { type: 'bob', instance: 'b3' };
  let moved = 0;
  while (taken.length < 150) {
    const results = await Promise.all([
      all[0]!.move(BOB, BEN),
      all[1]!.move(BEN, CAP),
      all[2]!.move(CAP, BOB),
    ]);
    for (const result of results) moved += result.moved;
  }
  await Promise.all(takers.map((taker) => taker.close()));
  expect(moved).toBeGreaterThan(0);
  expect(taken.toSorted()).toEqual(sent.toSorted());
});
