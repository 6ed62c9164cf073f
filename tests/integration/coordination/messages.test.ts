import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CoordinationValidationError } from '../../../src/coordination/errors.ts';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { DeadLetter } from '../../../src/coordination/models/queue-message.ts';
import { ANNA, BOB, CountingSink, Lines, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

async function drain(coordinator: MessageCoordinator, agent = BOB): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const received = await coordinator.receive(agent);
    if (received === null) return ids;
    ids.push(received.queue_message.message.message_id);
    expect(await coordinator.ack(agent, received.token)).toBe(true);
  }
}

describe('receiving', () => {
  test('takes HIGH before NORMAL before LOW, and the oldest of a band first', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const [message_id, priority] of [
      ['low-01', 1],
      ['high-1', 9],
      ['normal-a', 5],
      ['normal-b', 5],
    ] as const)
      expect(await one.send(message({ message_id, priority }))).toMatchObject({
        delivered: true,
        duplicate: false,
        error: null,
        recipient: BOB,
      });
    expect(await drain(one)).toEqual(['high-1', 'normal-a', 'normal-b', 'low-01']);
  });

  test('gives what was sent, with its envelope and a time', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const sent = message({ payload: { a: [1, { b: null }] }, routing: { topic: 't', tags: ['x'] } });
    await one.send(sent);
    const received = await one.receive(BOB, { visibilityTimeoutMs: 2000 });
    expect(received?.queue_message).toMatchObject({
      message: { ...sent, sender: { ...ANNA, instance: null }, recipient: BOB, priority: 5 },
      priority: 5,
      delivery_attempts: 0,
      stalls: 0,
      last_error: null,
      retry: { attempts: 4, base_ms: 1000, factor: 2, max_ms: 30_000, jitter: 0 },
    });
    expect(received?.queue_message.message.timestamp).toMatch(/Z$/);
    const left = Date.parse(received!.visibility_deadline) - Date.now();
    expect(left).toBeGreaterThan(1000);
    expect(left).toBeLessThanOrEqual(2000);
  });

  test('waits for a message as long as it is told, and is woken by it', async () => {
    await using post = new Post(server.url);
    const [one, two] = [post.coordinator(), post.coordinator()];
    const startedAt = Date.now();
    expect(await one.receive(BOB, { waitMs: 300 })).toBeNull();
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(295);
    const waiting = one.receive(BOB, { waitMs: 10_000 });
    await sleep(50);
    const sentAt = Date.now();
    await two.send(message({ message_id: 'woken-1' }));
    expect((await waiting)?.queue_message.message.message_id).toBe('woken-1');
    expect(Date.now() - sentAt).toBeLessThan(500);
  });

  test('a paused mailbox accepts messages and yields none', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message());
    await post.queue().pause();
    expect(await one.send(message())).toMatchObject({ delivered: true });
    expect(await one.receive(BOB)).toBeNull();
    await post.queue().resume();
    expect(await drain(one)).toHaveLength(2);
  });

  test('one agent, however it is written, has one mailbox', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message({ recipient: { type: 'bob', instance: 'default' } }));
    await one.send(message({ recipient: { type: 'bob', instance: null } }));
    await one.send(message({ recipient: { type: 'bob' } }));
    expect(await drain(one, { type: 'bob' } as typeof BOB)).toHaveLength(3);
    expect(await one.listMailboxes()).toEqual([{ type: 'bob', instance: null }]);
  });

  test('two prefixes on one Redis never see each other', async () => {
    await using post = new Post(server.url);
    const [one, other] = [post.coordinator(), post.coordinator({ keyPrefix: `${post.prefix}:other` })];
    await one.send(message());
    expect(await other.receive(BOB)).toBeNull();
    expect(await other.listMailboxes()).toEqual([BOB]);
    expect(await drain(one)).toHaveLength(1);
  });
});

describe('settling', () => {
  test('ack is true once, then false, and the message is gone', async () => {
    await using post = new Post(server.url);
    const [one, two] = [post.coordinator(), post.coordinator()];
    await one.send(message());
    const { token } = (await one.receive(BOB))!;
    expect(await two.ack(ANNA, token)).toBe(false);
    expect(await two.ack(BOB, token)).toBe(true);
    expect(await one.ack(BOB, token)).toBe(false);
    for (const bad of ['', 'x', token.slice(1), `${token}x`]) expect(await one.ack(BOB, bad)).toBe(false);
    expect(await post.queue().getJobCounts()).toMatchObject({ active: 0, prioritized: 0, completed: 0 });
  });

  test('a late ack is false even when nothing was swept', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message());
    const { token } = (await one.receive(BOB, { visibilityTimeoutMs: 60 }))!;
    await sleep(80);
    expect(await one.ack(BOB, token)).toBe(false);
    expect(await one.nack(BOB, token)).toBe(false);
    expect(await one.extend(BOB, token, 1000)).toBeNull();
    expect(await one.release(BOB, token)).toBe(false);
    expect(await one.recoverPending()).toBe(1);
    expect(await drain(one)).toHaveLength(1);
  });

  test('a message that is extended stays with its holder', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message());
    const { token } = (await one.receive(BOB, { visibilityTimeoutMs: 100 }))!;
    expect(Date.parse((await one.extend(BOB, token, 5000))!)).toBeGreaterThan(Date.now() + 4000);
    await sleep(150);
    expect(await one.recoverPending(BOB)).toBe(0);
    expect(await one.ack(BOB, token)).toBe(true);
  });

  test('what is released is the first of its band again, and no attempt is counted', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const message_id of ['first-1', 'second-2']) await one.send(message({ message_id }));
    const { token } = (await one.receive(BOB))!;
    await one.send(message({ message_id: 'high-03', priority: 9 }));
    expect(await one.release(BOB, token)).toBe(true);
    expect(await one.ack(BOB, token)).toBe(false);
    const again = await one.receive(BOB);
    expect(again?.queue_message.message.message_id).toBe('high-03');
    const next = await one.receive(BOB);
    expect(next?.queue_message).toMatchObject({ message: { message_id: 'first-1' }, delivery_attempts: 0 });
  });

  test('what is released wakes who waits', async () => {
    await using post = new Post(server.url);
    const [one, two] = [post.coordinator(), post.coordinator()];
    await one.send(message());
    const { token } = (await one.receive(BOB))!;
    expect(await two.receive(BOB)).toBeNull();
    const waiting = two.receive(BOB, { waitMs: 5000 });
    await sleep(100);
    const releasedAt = Date.now();
    await one.release(BOB, token);
    expect(await waiting).not.toBeNull();
    expect(Date.now() - releasedAt).toBeLessThan(700);
  });

  test('a nacked message comes back when its delay is over, at the end of its band', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { backoffBaseMs: 200, backoffFactor: 2 } });
    for (const message_id of ['first-1', 'second-2']) await one.send(message({ message_id }));
    const { token } = (await one.receive(BOB))!;
    expect(await one.nack(BOB, token, { error: 'x'.repeat(2000) })).toBe(true);
    const nackedAt = Date.now();
    expect(await one.nack(BOB, token)).toBe(false);
    const second = await one.receive(BOB);
    expect(second?.queue_message.message.message_id).toBe('second-2');
    expect(await one.receive(BOB)).toBeNull();
    const again = await one.receive(BOB, { waitMs: 5000 });
    const waited = Date.now() - nackedAt;
    expect(waited).toBeGreaterThanOrEqual(195);
    expect(waited).toBeLessThan(400);
    expect(again?.queue_message).toMatchObject({
      message: { message_id: 'first-1' },
      delivery_attempts: 1,
      last_error: 'x'.repeat(1024),
    });
  });

  test('delays grow by the policy that the message carries, whoever consumes it', async () => {
    await using post = new Post(server.url);
    const sender = post.coordinator({
      messaging: { backoffBaseMs: 10, backoffFactor: 3, backoffMaxMs: 60, retryAttempts: 4 },
    });
    const other = post.coordinator({ messaging: { backoffBaseMs: 3_000_000, backoffMaxMs: 3_600_000 } });
    await sender.send(message());
    const delays: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const { token } = (await other.receive(BOB, { waitMs: 5000 }))!;
      await other.nack(BOB, token);
      const [job] = await post.queue().getDelayed();
      delays.push(job!.delay);
    }
    expect(delays).toEqual([10, 30, 60, 60]);
  });
});

describe('dead letters', () => {
  test('with two retries the third nack is the last', async () => {
    await using post = new Post(server.url);
    const [log, sink] = [new Lines(), new CountingSink()];
    const one = post.coordinator({
      messaging: { retryAttempts: 2, backoffBaseMs: 50 },
      logger: log,
      metrics: sink,
    });
    await one.send(message({ message_id: 'doomed-1', payload: { said: 'secret' } }));
    for (const error of ['one', 'two', 'three']) {
      const { token } = (await one.receive(BOB, { waitMs: 5000 }))!;
      expect(await one.nack(BOB, token, { error })).toBe(true);
    }
    const [entry, ...rest] = await one.listDeadLetters(BOB);
    expect(rest).toEqual([]);
    expect(entry?.letter).toMatchObject({
      message: { message_id: 'doomed-1' },
      failure: 'transient',
      reason: 'attempts_exhausted',
      attempts: 3,
      last_error: 'three',
    });
    expect(entry?.letter.history.map(({ error }) => error)).toEqual(['one', 'two', 'three']);
    expect(await one.mailbox(BOB)).toMatchObject({ reserved: 0, delayed: 0, dead_letters: 1 });
    expect(await post.queue().getJobCounts()).toMatchObject({ failed: 0, prioritized: 0, active: 0 });
    const told = log.lines.filter(({ level }) => level === 'error');
    expect(told).toMatchObject([{ fields: { agent: 'bob:b1', message_id: 'doomed-1', attempts: 3 } }]);
    expect(JSON.stringify(log.lines)).not.toContain('secret');
    expect([...sink.counts]).toEqual(
      expect.arrayContaining([
        ['message_nacks_total {"agent":"bob:b1"}', 3],
        ['message_retries_total {"agent":"bob:b1"}', 2],
        ['message_permanent_failures_total {"agent":"bob:b1"}', 1],
      ]),
    );
  });

  test('with no retries the first nack is the last, and a permanent one always is', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { retryAttempts: 0 } });
    const many = post.coordinator();
    await one.send(message({ message_id: 'exhausted' }));
    await many.send(message({ message_id: 'permanent' }));
    await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'timeout', error: 'slow' });
    await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent', error: 'bad' });
    const letters = (await one.listDeadLetters(BOB)).map(({ letter }) => letter as DeadLetter);
    expect(
      letters.map(({ message: { message_id }, failure, reason }) => [message_id, failure, reason]),
    ).toEqual([
      ['exhausted', 'timeout', 'attempts_exhausted'],
      ['permanent', 'permanent', 'permanent_failure'],
    ]);
  });

  test('an id may be used again after its message is a dead letter, and after it was handled', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { retryAttempts: 0 } });
    const again = (): Promise<unknown> => one.send(message({ message_id: 'again-1', payload: { round: 1 } }));
    await again();
    await one.nack(BOB, (await one.receive(BOB))!.token);
    expect(await again()).toMatchObject({ delivered: true, duplicate: false });
    expect(await again()).toMatchObject({ delivered: true, duplicate: true });
    await one.ack(BOB, (await one.receive(BOB))!.token);
    expect(await again()).toMatchObject({ delivered: true, duplicate: false });
    expect(await one.listDeadLetters(BOB)).toHaveLength(1);
    expect(await drain(one)).toEqual(['again-1']);
  });

  test('a replayed message begins anew, and its entry goes', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { retryAttempts: 0, queueSize: 1 } });
    await one.send(message({ message_id: 'replay-1', payload: { a: 1 } }));
    await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent' });
    const [{ id } = { id: '' }] = await one.listDeadLetters(BOB);
    await one.send(message({ message_id: 'in-the-way' }));
    expect(await one.replay(BOB, id)).toMatchObject({ delivered: false, error_code: 'queue_full' });
    expect(await one.listDeadLetters(BOB)).toHaveLength(1);
    await drain(one);
    expect(await one.replay(BOB, id)).toMatchObject({ delivered: true, duplicate: false });
    expect(await one.replay(BOB, id)).toBeNull();
    const received = await one.receive(BOB);
    expect(received?.queue_message).toMatchObject({
      message: { message_id: 'replay-1', payload: { a: 1 } },
      delivery_attempts: 0,
      stalls: 0,
      last_error: null,
    });
    await one.nack(BOB, received!.token, { failure: 'permanent' });
    expect(await one.listDeadLetters(BOB)).toHaveLength(1);
  });

  test('a dead letter whose id is in use by another message stays', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message({ message_id: 'taken-1', payload: { n: 1 } }));
    await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent' });
    await one.send(message({ message_id: 'taken-1', payload: { n: 2 } }));
    const [entry] = await one.listDeadLetters(BOB);
    expect(await one.replay(BOB, entry!.id)).toMatchObject({ duplicate: true });
    expect(await one.listDeadLetters(BOB)).toHaveLength(1);
  });

  test('purge takes those of an age, discard one', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (let index = 0; index < 3; index += 1) {
      await one.send(message());
      await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent' });
    }
    expect(await one.purge(BOB, { olderThanMs: 60_000 })).toBe(0);
    const [first] = await one.listDeadLetters(BOB, { limit: 1 });
    expect(await one.listDeadLetters(BOB, { offset: 1, limit: 500 })).toHaveLength(2);
    expect(await one.discard(BOB, first!.id)).toBe(true);
    expect(await one.discard(BOB, first!.id)).toBe(false);
    expect(await one.purge(BOB)).toBe(2);
    expect(await one.listDeadLetters(BOB)).toEqual([]);
  });

  test('what is no message is set aside, and the next one is received', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const queue = post.queue();
    await queue.add('x', { no: 'message' }, { priority: 1, jobId: 'm-odd' });
    await queue.add('x', {}, { priority: 1, jobId: 'm-broken' });
    await post.redis.hset(`${post.prefix}:msg.bob.b1:m-broken`, 'data', '{"cut');
    await one.send(message({ message_id: 'well-1' }));
    expect(await drain(one)).toEqual(['well-1']);
    const letters = await one.listDeadLetters(BOB);
    expect(letters.map(({ letter }) => letter.reason)).toEqual(['invalid_envelope', 'invalid_envelope']);
    expect(letters.map(({ letter }) => 'raw' in letter && letter.raw)).toEqual(['{"no":"message"}', '{"cut']);
    await expect(one.replay(BOB, letters[0]!.id)).rejects.toThrow(CoordinationValidationError);
    expect(await one.purge(BOB)).toBe(2);
  });
});

describe('recovery', () => {
  test('a recovered LOW message does not overtake a HIGH one', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    for (const message_id of ['low-001', 'low-002']) await one.send(message({ message_id, priority: 1 }));
    await one.receive(BOB, { visibilityTimeoutMs: 50 });
    await one.send(message({ message_id: 'high-01', priority: 9 }));
    await sleep(70);
    expect(await one.recoverPendingDetailed()).toEqual(new Map([['bob:b1', 1]]));
    expect(await one.recoverPendingDetailed()).toEqual(new Map());
    expect(await drain(one)).toEqual(['high-01', 'low-001', 'low-002']);
  });

  test('counts each message once, however many look at once', async () => {
    await using post = new Post(server.url);
    const all = [post.coordinator(), post.coordinator(), post.coordinator()];
    for (let index = 0; index < 20; index += 1) await all[0]!.send(message());
    for (let index = 0; index < 20; index += 1) await all[1]!.receive(BOB, { visibilityTimeoutMs: 50 });
    await sleep(80);
    const counts = await Promise.all([...all, ...all].map((each) => each.recoverPending()));
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(20);
    const received = await all[2]!.receive(BOB);
    expect(received?.queue_message).toMatchObject({ stalls: 1, delivery_attempts: 0 });
  });

  test('a message whose holders keep dying is given up after so many', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { maxStalls: 1 } });
    await one.send(message({ message_id: 'killer-1' }));
    for (const back of [1, 0]) {
      await one.receive(BOB, { visibilityTimeoutMs: 50 });
      await sleep(70);
      expect(await one.recoverPending()).toBe(back);
    }
    const [entry] = await one.listDeadLetters(BOB);
    expect(entry?.letter).toMatchObject({ failure: 'timeout', reason: 'stalled', stalls: 2, attempts: 0 });
  });

  test('what BullMQ itself put ahead of all goes back to its band, or to the dead letters', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message({ message_id: 'low-001', priority: 1 }));
    await one.receive(BOB, { visibilityTimeoutMs: 50 });
    await one.send(message({ message_id: 'high-01', priority: 9 }));
    await sleep(70);
    const key = (name: string): string => `${post.prefix}:msg.bob.b1:${name}`;
    await post.redis.lmove(key('active'), key('wait'), 'LEFT', 'RIGHT');
    expect(await one.recoverPending()).toBe(0);
    expect((await one.receive(BOB))?.queue_message.message.message_id).toBe('high-01');
    await post.redis.hset(key('m-low-001'), 'defa', 'job stalled more than allowable limit');
    expect(await one.receive(BOB)).toBeNull();
    expect(await one.listDeadLetters(BOB)).toMatchObject([
      { letter: { reason: 'stalled', failure: 'timeout' } },
    ]);
  });

  test('sweeps happen by themselves where somebody receives', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { sweepIntervalMs: 100 } });
    await one.send(message());
    await one.receive(BOB, { visibilityTimeoutMs: 50 });
    expect(await one.receive(BOB, { waitMs: 3000 })).not.toBeNull();
  });

  test('one of several processes looks after mailboxes that nobody consumes', async () => {
    await using post = new Post(server.url);
    const [one, two] = [post.coordinator(), post.coordinator()];
    await one.send(message());
    await one.receive(BOB, { visibilityTimeoutMs: 50 });
    await sleep(70);
    expect(await two.sweepAllIfElected()).toBe(true);
    expect(await one.sweepAllIfElected()).toBe(false);
    expect(await two.mailbox(BOB)).toMatchObject({ reserved: 0, waiting: { 5: 1 } });
    await two.close();
    expect(await one.sweepAllIfElected()).toBe(true);
  });

  test('closing gives back what is held', async () => {
    await using post = new Post(server.url);
    const [one, two] = [post.coordinator(), post.coordinator()];
    await one.send(message());
    await one.receive(BOB);
    const waiting = one.receive(ANNA, { waitMs: 60_000 });
    await one.close();
    await one.close();
    expect(await waiting).toBeNull();
    expect((await two.receive(BOB))?.queue_message.delivery_attempts).toBe(0);
    await expect(one.send(message())).rejects.toMatchObject({ code: 'coordination_closed' });
  });
});
