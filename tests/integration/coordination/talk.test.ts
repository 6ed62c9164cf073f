import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CoordinationValidationError, PermanentFailure } from '../../../src/coordination/errors.ts';
import { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { ReceivedMessage } from '../../../src/coordination/models/queue-message.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ANNA, BOB, CountingSink, Lines, message, Post } from '../../support/coordination.ts';
import { CircuitOpenError } from '../../../src/resilience/circuit-open-error.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const idOf = (received: ReceivedMessage | null): string | undefined =>
  received?.queue_message.message.message_id;

describe('what is wrong is refused before Redis is touched', () => {
  const nowhere = new MessageCoordinator({ connection: 'redis://127.0.0.1:1/0' });
  afterAll(() => nowhere.close());

  test('a message, whole and at once', async () => {
    const bad = { ...message({ message_id: 'x', priority: 7 as never }), secret: 'word' };
    const error: unknown = await nowhere.send(bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CoordinationValidationError);
    expect((error as CoordinationValidationError).issues.map(({ path }) => path)).toEqual([
      'message_id',
      'priority',
      '',
    ]);
    expect(String(error)).not.toContain('word');
  });

  test('a payload that is too large, without saying what is in it', async () => {
    const one = new MessageCoordinator({
      connection: 'redis://127.0.0.1:1/0',
      messaging: { maxPayloadBytes: 100 },
    });
    await expect(one.send(message({ payload: { text: 'ü'.repeat(50) } }))).rejects.toMatchObject({
      code: 'validation',
      issues: [{ path: 'payload', message: 'is 111 bytes as JSON, at most 100 are allowed' }],
    });
    await one.close();
  });

  test('another sender or recipient than the message names', async () => {
    await expect(nowhere.sendMessage(BOB, { type: 'carl' }, message())).rejects.toMatchObject({
      issues: [{ path: 'sender' }, { path: 'recipient' }],
    });
  });

  test.for([
    [
      'a broadcast to too many',
      () =>
        nowhere.broadcast(
          message(),
          Array.from({ length: 1001 }, () => BOB),
        ),
    ],
    ['a subscription to nothing', () => nowhere.subscribe(BOB, [])],
    ['a subscription to what is no type', () => nowhere.subscribe(BOB, ['rumour'])],
    ['an agent that is none', () => nowhere.receive({ type: 'a b' })],
    ['a wait that is too long', () => nowhere.receive(BOB, { waitMs: 60_001 })],
    ['a visibility that is too short', () => nowhere.receive(BOB, { visibilityTimeoutMs: 1 })],
    ['a failure that is none', () => nowhere.nack(BOB, 'x', { failure: 'odd' as never })],
    ['an extension by nothing', () => nowhere.extend(BOB, 'x', 0)],
    ['a page that is too long', () => nowhere.listDeadLetters(BOB, { limit: 501 })],
    ['an unknown option', () => nowhere.receive(BOB, { wait: 1 } as never)],
    ['a consumer without concurrency', async () => nowhere.consume(BOB, () => {}, { concurrency: 0 })],
  ] as const)('%s', async ([, act]) => {
    await expect(act()).rejects.toBeInstanceOf(CoordinationValidationError);
  });

  test('settings that cannot be', () => {
    const make = (messaging: object) => () => new MessageCoordinator({ connection: 'redis://x', messaging });
    expect(make({ queueSize: 0, retryAttempts: 101 })).toThrow(/queueSize.*retryAttempts/);
    expect(make({ backoffBaseMs: 2000, backoffMaxMs: 1000 })).toThrow(/backoffMaxMs/);
    expect(make({ queue_size: 5 })).toThrow(/queue_size/);
  });

  test('a change of settings is made whole or not at all', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { queueSize: 2 } });
    for (const changes of [
      { queueSize: 1, retryAttempts: -1 },
      { queueSize: 1, backoffBaseMs: 60_000 },
      { queueSize: 1, sweepIntervalMs: 50 },
    ])
      expect(() => one.configure(changes)).toThrow(CoordinationValidationError);
    for (const delivered of [true, true, false])
      expect(await one.send(message())).toMatchObject({ delivered });
    one.configure({ queueSize: 1 });
    expect(await one.send(message())).toMatchObject({ error: 'queue full', error_code: 'queue_full' });
    expect((await one.mailbox(BOB)).waiting[5]).toBe(2);
    one.configure({ queueSize: 3, retryAttempts: 0 });
    expect(await one.send(message({ message_id: 'changed-1', priority: 9 }))).toMatchObject({
      delivered: true,
    });
    expect((await one.receive(BOB))?.queue_message.retry.attempts).toBe(1);
  });
});

describe('a limited mailbox', () => {
  test('takes exactly as many as it may from 50 senders at once, and one more when one is handled', async () => {
    await using post = new Post(server.url);
    const all = [0, 1, 2].map(() => post.coordinator({ messaging: { queueSize: 20 } }));
    for (let round = 0; round < 5; round += 1) {
      const results = await Promise.all(Array.from({ length: 50 }, (_, n) => all[n % 3]!.send(message())));
      expect(results.filter(({ delivered }) => delivered)).toHaveLength(round === 0 ? 20 : 3);
      for (let n = 0; n < 3; n += 1) await all[0]!.ack(BOB, (await all[1]!.receive(BOB))!.token);
    }
  });

  test('counts an id once, whoever sends it', async () => {
    await using post = new Post(server.url);
    const all = [post.coordinator({ messaging: { queueSize: 1 } }), post.coordinator()];
    const same = Array.from({ length: 20 }, (_, n) => all[n % 2]!.send(message({ message_id: 'once-01' })));
    const results = await Promise.all(same);
    expect(results.filter(({ delivered, duplicate }) => delivered && !duplicate)).toHaveLength(1);
    expect(results.filter(({ duplicate }) => duplicate)).toHaveLength(19);
  });

  test('counts what waits for a retry and what is held, and no dead letters', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { queueSize: 2, retryAttempts: 1 } });
    for (let n = 0; n < 2; n += 1) await one.send(message());
    await one.nack(BOB, (await one.receive(BOB))!.token);
    const { token } = (await one.receive(BOB))!;
    expect(await one.send(message())).toMatchObject({ error_code: 'queue_full' });
    await one.nack(BOB, token, { failure: 'permanent' });
    expect(await one.send(message())).toMatchObject({ delivered: true });
  });
});

describe('telling several', () => {
  test('a broadcast answers for each recipient in order, and none stands in the way of another', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { queueSize: 1 } });
    const [full, open] = [
      { type: 'full', instance: null },
      { type: 'open', instance: 'x' },
    ];
    await one.send(message({ recipient: full }));
    const results = await one.broadcast(message({ message_id: 'to-all-1' }), [
      open,
      full,
      { type: 'b.d' },
      { type: 'open', instance: 'x' },
    ]);
    expect(results).toMatchObject([
      { recipient: open, delivered: true, duplicate: false },
      { recipient: full, delivered: false, error_code: 'queue_full' },
      { delivered: false, error_code: 'invalid_recipient' },
      { recipient: open, delivered: true, duplicate: true },
    ]);
    expect((await one.receive(open))?.queue_message.message.recipient).toEqual(open);
    expect(await one.broadcast(message(), [])).toEqual([]);
  });

  test('a published message goes once to everybody who asked for its kind, and not to its sender', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const [all, topical, tagged, other] = ['all', 'topical', 'tagged', 'other'].map((type) => ({ type }));
    const wanted = await one.subscribe(all!, ['event', 'request']);
    expect(wanted.subscription_id).toMatch(/^sub_[0-9a-f]{12}$/);
    await one.subscribe(all!, ['event']);
    await one.subscribe(topical!, ['event'], { topic: 'weather' });
    await one.subscribe(tagged!, ['event'], { tags: ['rain', 'wind'] });
    await one.subscribe(other!, ['response']);
    await one.subscribe(ANNA, ['event']);
    const publish = async (routing: object): Promise<string[]> => {
      const results = await one.publish(message({ routing }));
      expect(results.every(({ delivered }) => delivered)).toBe(true);
      return results.map(({ recipient }) => recipient.type).toSorted();
    };
    expect(await publish({})).toEqual(['all']);
    expect(await publish({ topic: 'weather', tags: ['rain'] })).toEqual(['all', 'topical']);
    expect(await publish({ topic: 'x', tags: ['wind', 'sun', 'rain'] })).toEqual(['all', 'tagged']);
    expect(await one.listSubscriptions(all)).toHaveLength(2);
    expect(await one.unsubscribe(wanted.subscription_id)).toBe(true);
    expect(await one.unsubscribe(wanted.subscription_id)).toBe(false);
    expect(await one.unsubscribeAll(all!)).toBe(1);
    expect(await publish({})).toEqual([]);
    expect((await one.listSubscriptions()).map(({ agent_id }) => agent_id.type).toSorted()).toEqual([
      'anna',
      'other',
      'tagged',
      'topical',
    ]);
  });
});

describe('an agent that consumes', () => {
  test('handles its own mailbox and that of its type, one message at a time', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    let [active, most] = [0, 0];
    const handled: string[] = [];
    const consumer = one.consume(BOB, async ({ queue_message }) => {
      most = Math.max(most, (active += 1));
      await sleep(5);
      active -= 1;
      handled.push(queue_message.message.message_id);
    });
    for (let n = 0; n < 6; n += 1)
      await one.send(message({ message_id: `mine-${n}0`, recipient: n % 2 === 0 ? BOB : { type: 'bob' } }));
    await expect.poll(() => handled.length, { timeout: 10_000 }).toBe(6);
    expect(most).toBe(1);
    await consumer.close();
    expect((await one.mailbox(BOB)).reserved).toBe(0);
  });

  test('is tried again after a throw, given up after a final one, and not blamed for an open circuit', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { backoffBaseMs: 10, retryAttempts: 5 } });
    const seen: string[] = [];
    one.consume(BOB, ({ queue_message: { message: got, delivery_attempts } }) => {
      seen.push(`${got.message_id} ${delivery_attempts}`);
      const isFirst = seen.filter((text) => text.startsWith(got.message_id)).length === 1;
      if (got.message_id === 'again-1' && isFirst) throw new Error('not now');
      if (got.message_id === 'final-1') throw new PermanentFailure('never');
      if (got.message_id === 'circuit' && isFirst)
        throw new FleetError({
          code: 'circuit_open',
          kind: 'unavailable',
          message: 'open',
          retryAfterMs: 50,
        });
    });
    for (const message_id of ['again-1', 'final-1', 'circuit']) await one.send(message({ message_id }));
    await expect
      .poll(() => seen.toSorted(), { timeout: 10_000 })
      .toEqual(['again-1 0', 'again-1 1', 'circuit 0', 'circuit 0', 'final-1 0']);
    await expect
      .poll(async () => (await one.listDeadLetters(BOB)).map(({ letter }) => letter.reason))
      .toEqual(['permanent_failure']);
  });

  test('keeps what takes long, and is stopped when it takes too long', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { visibilityTimeoutMs: 150, retryAttempts: 0 } });
    const finished: string[] = [];
    const consumer = one.consume(
      BOB,
      async ({ queue_message: { message: got } }, { signal }) => {
        await sleep(got.message_id === 'long-01' ? 500 : 60_000, undefined, { signal });
        finished.push(got.message_id);
      },
      { timeoutMs: 1000 },
    );
    await one.send(message({ message_id: 'long-01' }));
    await sleep(350);
    expect(await one.recoverPending(BOB)).toBe(0);
    await expect.poll(() => finished, { timeout: 5000 }).toEqual(['long-01']);
    await one.send(message({ message_id: 'endless' }));
    await expect
      .poll(async () => (await one.listDeadLetters(BOB)).map(({ letter }) => letter.failure), {
        timeout: 5000,
      })
      .toEqual(['timeout']);
    await consumer.close();
  });

  test('is aborted when its reservation is lost', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { visibilityTimeoutMs: 150 } });
    const reason = deferred<unknown>();
    const begun = deferred();
    one.consume(BOB, (_, { signal }) => {
      begun.resolve();
      signal.addEventListener('abort', () => reason.resolve(signal.reason));
      return sleep(60_000, undefined, { signal });
    });
    await one.send(message({ message_id: 'stolen-1' }));
    await begun.promise;
    await post.redis.set(`${post.prefix}:msg.bob.b1:m-stolen-1:lock`, 'thief', 'PX', 60_000);
    expect(String(await reason.promise)).toContain('lost');
  });

  test('gives back at the end what it could not finish, and counts no attempt', async () => {
    await using post = new Post(server.url);
    const [one, other] = [post.coordinator(), post.coordinator()];
    const begun = deferred();
    one.consume(BOB, async (_, { signal }) => {
      begun.resolve();
      await sleep(60_000, undefined, { signal });
    });
    await one.send(message({ message_id: 'unfinished' }));
    await begun.promise;
    await one.close({ graceMs: 50 });
    const again = await other.receive(BOB);
    expect(again?.queue_message).toMatchObject({ delivery_attempts: 0, stalls: 0 });
  });

  test('shares the mailbox of its type with others, and with who receives by hand', async () => {
    await using post = new Post(server.url);
    const all = [post.coordinator(), post.coordinator()];
    const handled: string[] = [];
    for (const [n, one] of all.entries())
      one.consume(
        { type: 'bob', instance: `b${n}` },
        async (received) => {
          await sleep(2);
          handled.push(idOf(received)!);
        },
        { concurrency: 4 },
      );
    const ids = Array.from({ length: 60 }, (_, n) => `shared-${n}`);
    await Promise.all(
      ids.map((message_id) => all[0]!.send(message({ message_id, recipient: { type: 'bob' } }))),
    );
    const mine = await all[1]!.receive({ type: 'bob' });
    if (mine !== null) {
      handled.push(idOf(mine)!);
      await all[1]!.ack({ type: 'bob' }, mine.token);
    }
    await expect.poll(() => handled.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(60);
    expect(handled.toSorted()).toEqual(ids.toSorted());
  });
});

describe('a request', () => {
  const ASKER = { type: 'asker', instance: 'q1' };
  const ask = (message_id: string) => message({ message_id, sender: ASKER, message_type: 'request' });
  const answer = (one: MessageCoordinator, received: ReceivedMessage) => {
    const { message: asked } = received.queue_message;
    return one.send(
      message({
        sender: asked.recipient,
        recipient: asked.sender,
        message_type: 'response',
        priority: asked.priority,
        payload: { in_reply_to: asked.message_id, text: 'yes' },
      }),
    );
  };

  test('gets its answer, out of a mailbox that nobody else empties', async () => {
    await using post = new Post(server.url);
    const [asker, answerer] = [post.coordinator(), post.coordinator()];
    answerer.consume(BOB, async (received) => void (await answer(answerer, received)));
    const unrelated = await answerer.send(message({ recipient: ASKER }));
    expect(unrelated.delivered).toBe(true);
    const answers = await Promise.all(
      [0, 1, 2].map((n) => asker.request(ask(`question-${n}`), { timeoutMs: 5000 })),
    );
    expect(answers.map(({ payload }) => payload['in_reply_to'])).toEqual(
      [0, 1, 2].map((n) => `question-${n}`),
    );
    expect(await asker.mailbox(ASKER)).toMatchObject({ waiting: { 5: 1 }, reserved: 0 });
  });

  test('gets its answer where the asker consumes its mailbox itself', async () => {
    await using post = new Post(server.url);
    const [asker, answerer] = [post.coordinator(), post.coordinator()];
    const others: string[] = [];
    asker.consume(ASKER, (received) => void others.push(idOf(received)!));
    answerer.consume(BOB, async (received) => void (await answer(answerer, received)));
    for (let n = 0; n < 5; n += 1)
      expect((await asker.request(ask(`question-${n}`), { timeoutMs: 5000 })).payload['text']).toBe('yes');
    expect(others).toEqual([]);
  });

  test('that nobody answers in time fails, and the late answer is in the mailbox', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await expect(one.request(ask('question-1'), { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'request_unanswered',
      kind: 'timeout',
    });
    await answer(one, (await one.receive(BOB))!);
    expect((await one.receive(ASKER))?.queue_message.message.payload['in_reply_to']).toBe('question-1');
  });

  test('waits as long as the settings say, where the question says nothing of it', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { messageTimeoutMs: 100 } });
    await expect(one.request(ask('question-1'))).rejects.toMatchObject({
      code: 'request_unanswered',
      message: expect.stringContaining('100 ms'),
    });
    await answer(one, (await one.receive(BOB))!);
    const patient = one.request(ask('question-2'), { timeoutMs: 20_000 });
    await answer(one, (await one.receive(BOB, { waitMs: 20_000 }))!);
    expect((await patient).payload['in_reply_to']).toBe('question-2');
  });

  test('that cannot be sent fails at once', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { queueSize: 1 } });
    await one.send(message());
    await expect(one.request(ask('question-1'))).rejects.toMatchObject({
      code: 'request_not_sent',
      details: { error_code: 'queue_full' },
    });
  });
});

describe('what is observed', () => {
  test('the audit tells the life of a message, and nothing of its payload', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { retryAttempts: 1, backoffBaseMs: 0, queueSize: 1 } });
    const told = message({ message_id: 'audited-1', payload: { text: 'secret' } });
    await one.send(told);
    await one.send(told);
    await one.send(message({ message_id: 'refused-1' }));
    const first = (await one.receive(BOB))!;
    await one.extend(BOB, first.token, 1000);
    await one.release(BOB, first.token);
    await one.receive(BOB, { visibilityTimeoutMs: 50 });
    await sleep(70);
    await one.recoverPending();
    await one.nack(BOB, (await one.receive(BOB))!.token, { error: 'once' });
    await one.nack(BOB, (await one.receive(BOB))!.token, { error: 'twice' });
    const [entry] = await one.listDeadLetters(BOB);
    await one.replay(BOB, entry!.id);
    await one.ack(BOB, (await one.receive(BOB))!.token);
    await expect
      .poll(async () => (await one.audit({ messageId: 'audited-1' })).map(({ event }) => event).toReversed())
      .toEqual(
        'sent duplicate received extended released received recovered received nacked retry_scheduled received nacked dead_lettered sent replayed received acked'.split(
          ' ',
        ),
      );
    const all = await one.audit();
    expect(all.filter(({ event }) => event === 'refused')).toMatchObject([
      { message_id: 'refused-1', error: 'queue_full' },
    ]);
    expect(all[0]).toMatchObject({ sender: 'anna:default', recipient: 'bob:b1', priority: 5, type: 'event' });
    expect(all[0]?.payload_bytes).toBe(17);
    expect(all[0]?.payload_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(all)).not.toContain('secret');
    expect(await one.audit({ agent: 'nobody:default' })).toEqual([]);
  });

  test('an audit that cannot be written hinders nothing, and is counted', async () => {
    await using post = new Post(server.url);
    const [sink, log] = [new CountingSink(), new Lines()];
    await post.redis.set(`${post.prefix}:audit:messages`, 'in the way');
    const one = post.coordinator({ metrics: sink, logger: log });
    expect(await one.send(message())).toMatchObject({ delivered: true });
    expect(await one.ack(BOB, (await one.receive(BOB))!.token)).toBe(true);
    await one.close();
    expect(sink.total('message_audit_failures_total')).toBe(3);
    expect(log.lines.some(({ message: text }) => text.includes('audit'))).toBe(true);
  });

  test('gauges are read from Redis, whoever is asked', async () => {
    await using post = new Post(server.url);
    const sink = new CountingSink();
    const [one, other] = [post.coordinator(), post.coordinator({ metrics: sink })];
    for (const priority of [1, 9, 9] as const) await one.send(message({ priority }));
    await one.send(message({ recipient: ANNA }));
    await one.ack(ANNA, (await one.receive(ANNA))!.token);
    await one.receive(BOB);
    const figures = await other.collectGauges();
    expect(figures).toMatchObject([{ agent: 'bob:b1', waiting: { 1: 1, 5: 0, 9: 1 }, reserved: 1 }]);
    expect(figures[0]?.oldest_age_ms).toBeGreaterThanOrEqual(0);
    expect(Object.fromEntries(sink.gauges)).toEqual({
      'queue_length {"agent":"bob:b1","priority":"1"}': 1,
      'queue_length {"agent":"bob:b1","priority":"5"}': 0,
      'queue_length {"agent":"bob:b1","priority":"9"}': 1,
      'reserved_length {"agent":"bob:b1"}': 1,
      'dlq_length {"agent":"bob:b1"}': 0,
    });
    while (true) {
      await post.redis.del(`${post.prefix}:msg.bob.b1:active`);
      const received = await one.receive(BOB);
      if (received === null) break;
      await one.ack(BOB, received.token);
    }
    expect(await other.collectGauges()).toHaveLength(1);
    expect([...new Set(sink.gauges.values())]).toEqual([0]);
    expect(await other.collectGauges()).toEqual([]);
  });

  test('the audit tells that a message was put off for an open circuit', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    let isFirst = true;
    one.consume(BOB, () => {
      if (!isFirst) return;
      isFirst = false;
      throw new CircuitOpenError('x', 'open', 'circuit_breaker_open', 20);
    });
    await one.send(message({ message_id: 'put-off-1' }));
    const told = async (): Promise<string[]> =>
      (await one.audit({ messageId: 'put-off-1' }))
        .toReversed()
        .map(({ event, error, attempts }) => [event, error, attempts].filter(Boolean).join(' '));
    await expect
      .poll(told, { timeout: 5000 })
      .toEqual(['sent', 'received', 'retry_scheduled circuit_open', 'received', 'acked']);
  });

  test('many dead letters and many retries are warned of', async () => {
    await using post = new Post(server.url);
    const log = new Lines();
    const one = post.coordinator({
      logger: log,
      messaging: { retryAttempts: 2, backoffBaseMs: 0, dlqWarnThreshold: 1, retrySpikeWarnThreshold: 3 },
    });
    for (let n = 0; n < 2; n += 1) await one.send(message());
    for (let n = 0; n < 6; n += 1) await one.nack(BOB, (await one.receive(BOB))!.token);
    await expect
      .poll(() => log.lines.filter(({ level }) => level === 'warn'), { timeout: 10_000 })
      .toMatchObject([{ fields: { retries: 4 } }, { fields: { agent: 'bob:b1', dead_letters: 2 } }]);
  });

  test('a listener or a chooser that throws neither loses a message nor keeps it', async () => {
    await using post = new Post(server.url);
    const fail = (): never => {
      throw new Error('no');
    };
    const one = post.coordinator({ onSettled: fail, resolveRecipient: fail });
    expect(await one.send(message())).toMatchObject({ delivered: true, recipient: BOB });
    expect(await one.ack(BOB, (await one.receive(BOB))!.token)).toBe(true);
  });

  test('a subscription that cannot be read is passed over', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.subscribe(BOB, ['event']);
    await post.redis.hset(`${post.prefix}:subs:bob:b1`, 'sub_odd', '{');
    expect(await one.publish(message())).toHaveLength(1);
  });

  test('a metrics sink that throws is ignored, and logged once', async () => {
    await using post = new Post(server.url);
    const log = new Lines();
    const fail = (): never => {
      throw new Error('no');
    };
    const one = post.coordinator({ metrics: { inc: fail, set: fail, observe: fail }, logger: log });
    await one.send(message());
    await one.ack(BOB, (await one.receive(BOB))!.token);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('who settles a message may be told, for whoever chooses among agents', async () => {
    await using post = new Post(server.url);
    const outcomes: string[] = [];
    const one = post.coordinator({
      onSettled: (agent, outcome) => void outcomes.push(`${agent.type} ${outcome}`),
      resolveRecipient: async (recipient) => ({ ...recipient, instance: 'chosen' }),
    });
    const sent = await one.send(message({ recipient: { type: 'bob' } }));
    const chosen = { type: 'bob', instance: 'chosen' };
    expect(sent.recipient).toEqual(chosen);
    await one.nack(chosen, (await one.receive(chosen))!.token, { failure: 'permanent' });
    await one.send(message());
    await one.release(chosen, (await one.receive(chosen))!.token);
    await one.ack(chosen, (await one.receive(chosen))!.token);
    expect(outcomes).toEqual(['bob failure', 'bob success']);
  });
});

test('importing and making a coordinator opens nothing, and closing leaves nothing open', async () => {
  await using post = new Post(server.url);
  const names = async (): Promise<number> =>
    String(await post.redis.client('LIST')).split(`name=${post.prefix}:`).length - 1;
  const one = post.coordinator();
  expect(await names()).toBe(0);
  await one.start();
  one.consume(BOB, () => {});
  await one.send(message());
  await expect.poll(names).toBeGreaterThan(0);
  await one.close();
  await expect.poll(names).toBe(0);
});

test('a client that is given stays open, and a mailbox that is not used closes', async () => {
  await using post = new Post(server.url);
  const client = post.redis.duplicate();
  const one = post.coordinator({
    connection: client,
    messaging: { idleCloseMs: 100, sweepIntervalMs: 50 },
  });
  await one.send(message());
  await one.ack(BOB, (await one.receive(BOB))!.token);
  const open = async (): Promise<number> =>
    String(await post.redis.client('LIST')).split(`name=${post.prefix}:`).length - 1;
  await expect.poll(open, { timeout: 5000 }).toBe(1);
  await one.send(message());
  expect(await one.receive(BOB)).not.toBeNull();
  await one.close();
  expect(await client.ping()).toBe('PONG');
  await client.quit();
});
