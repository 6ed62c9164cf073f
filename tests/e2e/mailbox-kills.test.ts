import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MessageCoordinator } from '../../src/coordination/messages/coordinator.ts';
import type { MessagingOptions } from '../../src/coordination/messages/settings.ts';
import type { MessageResult } from '../../src/coordination/models/message.ts';
import { BOB, message, Post } from '../support/coordination.ts';
import type { MailboxTask } from '../support/mailbox-process.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Child {
  readonly process: ChildProcess;
  /** The first line, parsed; undefined when it ended without one. */
  readonly report: Promise<unknown>;
  readonly ended: Promise<unknown>;
}

function start(post: Post, task: Omit<MailboxTask, 'url' | 'prefix'>): Child {
  const script = join(import.meta.dirname, '../support/mailbox-process.ts');
  const whole = JSON.stringify({ url: post.url, prefix: post.prefix, ...task });
  const child = spawn(process.execPath, [script, whole], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  createInterface({ input: child.stdout }).on('line', (line) => resolve(JSON.parse(line)));
  const ended = once(child, 'exit').then(() => resolve(undefined));
  return { process: child, report: promise, ended };
}

async function drain(one: MessageCoordinator): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const received = await one.receive(BOB);
    if (received === null) return ids;
    ids.push(received.queue_message.message.message_id);
    await one.ack(BOB, received.token);
  }
}

const brief = { visibilityTimeoutMs: 100 };

describe('processes that share a mailbox', () => {
  test('200 sends from 4 processes into 50 places: 50 are delivered, 150 refused', async () => {
    await using post = new Post(server.url);
    const children = [0, 1, 2, 3].map(() =>
      start(post, { role: 'sender', count: 50, messaging: { queueSize: 50 } }),
    );
    const results = (await Promise.all(children.map(({ report }) => report))) as MessageResult[][];
    await Promise.all(children.map(({ ended }) => ended));
    const all = results.flat();
    expect(all.filter(({ delivered }) => delivered)).toHaveLength(50);
    expect(all.filter(({ error }) => error === 'queue full')).toHaveLength(150);
    expect(await drain(post.coordinator())).toHaveLength(50);
  });

  test('a message whose consumer is killed is delivered once more, and not lost', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { sweepIntervalMs: 100 } });
    await one.send(message({ message_id: 'orphan-1' }));
    const holder = start(post, { role: 'holder', messaging: { visibilityTimeoutMs: 500 } });
    expect(await holder.report).toBe('orphan-1');
    expect(await one.receive(BOB)).toBeNull();
    holder.process.kill('SIGKILL');
    const again = await one.receive(BOB, { waitMs: 5000 });
    expect(again?.queue_message).toMatchObject({ message: { message_id: 'orphan-1' }, stalls: 1 });
    expect(await one.ack(BOB, again!.token)).toBe(true);
    expect(await drain(one)).toEqual([]);
  });

  test(
    '1000 permanent nacks by a process that is killed again and again make 1000 dead letters',
    { timeout: 180_000 },
    async () => {
      await using post = new Post(server.url);
      const one = post.coordinator({ messaging: { maxStalls: 100 } });
      const sends = Array.from({ length: 1000 }, (_, n) => one.send(message({ message_id: `nack-${n}` })));
      expect((await Promise.all(sends)).every(({ delivered }) => delivered)).toBe(true);
      // Those in hand count: a child that is killed for having taken the last ones would never get on with them.
      const left = async (): Promise<number> => {
        const mailbox = `${post.prefix}:msg.bob.b1`;
        return (
          (await post.redis.zcard(`${mailbox}:prioritized`)) + (await post.redis.llen(`${mailbox}:active`))
        );
      };
      let kills = 0;
      for (let waiting = await left(); waiting > 0; waiting = await left()) {
        const child = start(post, { role: 'nacker', messaging: { ...brief, maxStalls: 100 } });
        const enough = Math.max(0, waiting - 20 - Math.floor(Math.random() * 150));
        await expect.poll(left, { interval: 2, timeout: 30_000 }).toBeLessThanOrEqual(enough);
        child.process.kill('SIGKILL');
        await child.ended;
        kills += 1;
        await sleep(110);
        await one.recoverPending();
      }
      expect(kills).toBeGreaterThan(5);
      const ids = new Set<string>();
      for (const offset of [0, 500, 1000]) {
        for (const { id, letter } of await one.listDeadLetters(BOB, { offset, limit: 500 })) {
          expect(letter.reason).toBe('permanent_failure');
          if ('message' in letter) ids.add(`${id} ${letter.message.message_id}`);
        }
      }
      expect(ids.size).toBe(1000);
      expect((await one.mailbox(BOB)).dead_letters).toBe(1000);
    },
  );
});

/** What is there in the end, once somebody looked after it. */
async function settleAll(
  post: Post,
  one: MessageCoordinator,
): Promise<{ messages: number; letters: number }> {
  await sleep(110);
  // Claims and unfinished replays lapse after seconds; here at once.
  const claims = await post.redis.keys(`${post.prefix}:claims:*`);
  if (claims.length > 0) await post.redis.del(claims);
  const replays = `${post.prefix}:replays:msg.bob.b1`;
  for (const id of await post.redis.zrange(replays, 0, '-1')) await post.redis.zadd(replays, 1, id);
  await one.recoverPending();
  expect(await post.queue().getFailedCount()).toBe(0);
  expect(await post.redis.zcard(replays)).toBe(0);
  const { waiting, dead_letters: letters } = await one.mailbox(BOB);
  return { messages: waiting[5], letters };
}

/** The action is repeated, killed at its first command, its second … until it comes through. */
async function killEverywhere(
  action: NonNullable<MailboxTask['action']>,
  prepare: (post: Post, one: MessageCoordinator) => Promise<string>,
  check: (post: Post, one: MessageCoordinator, id: string) => Promise<void>,
  messaging: MessagingOptions = {},
): Promise<number> {
  const round = async (at: number): Promise<boolean> => {
    await using post = new Post(server.url);
    const one = post.coordinator({ messaging: { ...brief, maxStalls: 0 } });
    const id = await prepare(post, one);
    const child = start(post, {
      role: 'once',
      action,
      id,
      dieAt: at,
      messaging: { ...brief, visibilityTimeoutMs: 2000, maxStalls: 0, ...messaging },
    });
    const isThrough = typeof (await child.report) === 'number';
    await child.ended;
    const held = await post.redis.keys(`${post.prefix}:*:lock`);
    if (held.length > 0) await post.redis.del(held);
    await check(post, one, id);
    return isThrough;
  };
  for (let dieAt = 1; dieAt < 60; dieAt += 2) {
    // Two at a time: there are two cores.
    const through = await Promise.all([round(dieAt), round(dieAt + 1)]);
    if (through.includes(true)) return dieAt;
  }
  throw new Error('it never comes through');
}

describe('a process that dies at any command', () => {
  test(
    'of a permanent nack leaves the message, or exactly one dead letter',
    { timeout: 120_000 },
    async () => {
      const points = await killEverywhere(
        'nack',
        async (_, one) => {
          await one.send(message({ message_id: 'doomed-1' }));
          return '';
        },
        async (post, one) => {
          const { messages, letters } = await settleAll(post, one);
          // With no stall allowed, what was held becomes a dead letter too.
          expect({ messages, letters }).toEqual({ messages: 0, letters: 1 });
        },
      );
      expect(points).toBeGreaterThan(5);
    },
  );

  test('of a replay leaves the entry, or exactly one message', { timeout: 120_000 }, async () => {
    const points = await killEverywhere(
      'replay',
      async (_, one) => {
        await one.send(message({ message_id: 'replay-1' }));
        await one.nack(BOB, (await one.receive(BOB))!.token, { failure: 'permanent' });
        return (await one.listDeadLetters(BOB))[0]!.id;
      },
      async (post, one) => {
        const { messages, letters } = await settleAll(post, one);
        expect(messages + letters).toBe(1);
      },
    );
    expect(points).toBeGreaterThan(5);
  });

  test('of a recovery leaves exactly one dead letter', { timeout: 120_000 }, async () => {
    await killEverywhere(
      'recover',
      async (_, one) => {
        await one.send(message({ message_id: 'stalled-1' }));
        await one.receive(BOB, { visibilityTimeoutMs: 50 });
        await sleep(70);
        return '';
      },
      async (post, one) => {
        expect(await settleAll(post, one)).toEqual({ messages: 0, letters: 1 });
      },
    );
  });

  test(
    'of a move between mailboxes leaves each message in exactly one of them',
    { timeout: 120_000 },
    async () => {
      const BEN = { type: 'bob', instance: 'b2' };
      const ids = Array.from({ length: 60 }, (_, n) => `moved-${100 + n}`);
      const stages = new Set<number>();
      await killEverywhere(
        'move',
        async (_, one) => {
          await Promise.all(ids.map((message_id) => one.send(message({ message_id }))));
          await one.nack(BOB, (await one.receive(BOB))!.token);
          return '';
        },
        async (_, one) => {
          const [left, moved] = await Promise.all([BOB, BEN].map((agent) => one.peek(agent, { limit: 500 })));
          const present = [...left!, ...moved!].map((each) => each.message.message_id);
          expect(present.toSorted()).toEqual(ids);
          stages.add(moved!.length);
          expect(await one.move(BOB, BEN)).toMatchObject({ moved: ids.length - moved!.length, kept: 0 });
          expect(await one.peek(BOB)).toEqual([]);
          const all = await one.peek(BEN, { limit: 500 });
          expect(all.map((each) => each.message.message_id).toSorted()).toEqual(ids);
          expect(all.filter(({ delivery_attempts: attempts }) => attempts === 1)).toHaveLength(1);
        },
        { auditMaxLen: 0 },
      );
      // Nothing, one batch, and all of them.
      expect([...stages].toSorted((a, b) => a - b)).toEqual([0, 50, 60]);
    },
  );

  test(
    'of consuming leaves each message that was not acked, and no other',
    { timeout: 120_000 },
    async () => {
      const agent = { type: 'bob' };
      const ids = Array.from({ length: 4 }, (_, n) => `consumed-${n}`);
      const left = new Set<number>();
      await killEverywhere(
        'consume',
        async (_, one) => {
          for (const message_id of ids) await one.send(message({ message_id, recipient: agent }));
          return ids.at(-1)!;
        },
        async (_, one) => {
          await one.recoverPending();
          const waiting = (await one.peek(agent)).map((each) => each.message.message_id);
          // With no stall allowed, what was held becomes a dead letter.
          const letters = (await one.listDeadLetters(agent)).map(({ letter }) => {
            expect(letter.reason).toBe('stalled');
            return 'message' in letter ? letter.message.message_id : '';
          });
          expect(letters.length).toBeLessThanOrEqual(1);
          const present = [...letters, ...waiting];
          expect(present).toEqual(ids.slice(ids.length - present.length));
          left.add(present.length);
        },
        { auditMaxLen: 0 },
      );
      // Killed before the first ack, between the others, and not at all.
      expect([...left].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
    },
  );

  test('of a send leaves a message, or an id that can be sent again', { timeout: 120_000 }, async () => {
    await killEverywhere(
      'send',
      async (_, one) => {
        await one.listMailboxes();
        one.configure({ queueSize: 1 });
        return 'sent-once-1';
      },
      async (_, one, id) => {
        expect(await one.send(message({ message_id: id }))).toMatchObject({ delivered: true });
        expect(await drain(one)).toEqual([id]);
      },
    );
  });
});
