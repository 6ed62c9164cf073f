import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import type { DeadLetter } from '../../../src/coordination/models/queue-message.ts';
import { BOB, message, Post } from '../../support/coordination.ts';
import { MailboxModel } from '../../support/mailbox-model.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

/** More of them by hand: MODEL_RUNS=5000. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 500);
const LIMITS = { queueSize: 6, retryAttempts: 1, maxStalls: 1 };
const IDS = ['id-aaaa', 'id-bbbb', 'id-cccc', 'id-dddd', 'id-eeee', 'id-ffff', 'id-gggg', 'id-hhhh'];

type Step =
  | { kind: 'send'; by: number; id: string; priority: 1 | 5 | 9 }
  | { kind: 'receive'; by: number }
  | { kind: 'sends'; by: number; ids: string[]; priority: 1 | 5 | 9 }
  | { kind: 'receives'; by: number; count: number }
  | { kind: 'ack' | 'release' | 'expire' | 'extend'; by: number; which: number }
  | { kind: 'nack'; by: number; which: number; isPermanent: boolean }
  | { kind: 'late'; by: number; which: number }
  | { kind: 'sweep'; by: number }
  | { kind: 'replay'; by: number; which: number };

const by = fc.integer({ min: 0, max: 2 });
const which = fc.nat(20);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        by,
        id: fc.constantFrom(...IDS),
        priority: fc.constantFrom(1 as const, 5 as const, 9 as const),
      }),
    },
    { weight: 7, arbitrary: fc.record({ kind: fc.constant('receive' as const), by }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('sends' as const),
        by,
        ids: fc.array(fc.constantFrom(...IDS), { minLength: 2, maxLength: 5 }),
        priority: fc.constantFrom(1 as const, 5 as const, 9 as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('receives' as const),
        by,
        count: fc.integer({ min: 2, max: 4 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constantFrom('ack', 'release', 'expire', 'extend'), by, which }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('nack' as const), by, which, isPermanent: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('late' as const), by, which }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), by }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay' as const), by, which }) },
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
) as fc.Arbitrary<Step[]>;

const messaging = { ...LIMITS, backoffBaseMs: 0, auditMaxLen: 0 };

async function forget(post: Post): Promise<void> {
  const keys = await post.redis.keys(`${post.prefix}:*`);
  if (keys.length > 0) await post.redis.del(keys);
  // On a slow machine the walks take longer than the elected sweeper waits; nobody is elected here.
  await post.redis.set(`${post.prefix}:sweep:lease`, 'nobody');
}

/** The holder is gone: its time is over at once. */
async function expire(post: Post, token: string): Promise<void> {
  const [queue, jobId] = Buffer.from(token, 'base64url').toString().split('\n');
  await post.redis.del(`${post.prefix}:${queue}:${jobId}:lock`);
}

function outcomeOf(result: { delivered: boolean; duplicate: boolean }): string {
  if (!result.delivered) return 'full';
  return result.duplicate ? 'duplicate' : 'sent';
}

async function follow(post: Post, all: readonly MessageCoordinator[], todo: readonly Step[]): Promise<void> {
  const model = new MailboxModel(LIMITS);
  const tokens: string[] = [];
  const settled: string[] = [];
  const pick = (index: number): string | undefined => tokens[index % Math.max(tokens.length, 1)];
  const drop = (token: string): void => {
    tokens.splice(tokens.indexOf(token), 1);
    settled.push(token);
  };
  for (const step of todo) {
    const one = all[step.by]!;
    switch (step.kind) {
      case 'send': {
        const sent = await one.send(message({ message_id: step.id, priority: step.priority }));
        expect(outcomeOf(sent)).toBe(model.send(step.id, step.priority));
        break;
      }
      case 'sends': {
        const { ids, priority } = step;
        const sent = await Promise.all(ids.map((message_id) => one.send(message({ message_id, priority }))));
        expect(sent.map(outcomeOf)).toEqual(ids.map((id) => model.send(id, priority)));
        break;
      }
      case 'receive':
      case 'receives': {
        const count = step.kind === 'receive' ? 1 : step.count;
        for (const received of await Promise.all(Array.from({ length: count }, () => one.receive(BOB)))) {
          const expected = model.next();
          expect(received?.queue_message.message.message_id).toBe(expected?.id);
          if (received === null || expected === undefined) continue;
          const { delivery_attempts: attempts, stalls } = received.queue_message;
          expect({ attempts, stalls }).toEqual({ attempts: expected.attempts, stalls: expected.stalls });
          model.take(received.token);
          tokens.push(received.token);
        }
        break;
      }
      case 'sweep': {
        expect(await one.recoverPending(BOB)).toBe(model.sweep());
        break;
      }
      case 'replay': {
        const entries = await one.listDeadLetters(BOB);
        const letters = entries.map(({ letter }) => letter as DeadLetter);
        expect(letters.map(({ message: { message_id } }) => message_id).toSorted()).toEqual(
          model.dead.map(({ id }) => id).toSorted(),
        );
        const entry = entries[step.which % Math.max(entries.length, 1)];
        if (entry === undefined) break;
        const { message: replayed, attempts, stalls } = entry.letter as DeadLetter;
        const twin = model.dead.find(
          (each) =>
            each.id === replayed.message_id &&
            each.priority === replayed.priority &&
            each.attempts === attempts &&
            each.stalls === stalls,
        );
        expect(twin).toBeDefined();
        expect(outcomeOf((await one.replay(BOB, entry.id))!)).toBe(model.replay(twin!));
        break;
      }
      case 'late': {
        const token = settled[step.which % Math.max(settled.length, 1)];
        if (token !== undefined) expect(await one.ack(BOB, token)).toBe(false);
        break;
      }
      default: {
        const token = pick(step.which);
        if (token === undefined) break;
        if (step.kind === 'extend') {
          expect(await one.extend(BOB, token, 60_000)).not.toBeNull();
          break;
        }
        drop(token);
        if (step.kind === 'ack') expect(await one.ack(BOB, token)).toBe(model.ack(token));
        if (step.kind === 'release') expect(await one.release(BOB, token)).toBe(model.release(token));
        if (step.kind === 'nack')
          expect(await one.nack(BOB, token, { failure: step.isPermanent ? 'permanent' : 'transient' })).toBe(
            model.nack(token, step.isPermanent),
          );
        if (step.kind === 'expire') {
          await expire(post, token);
          model.expire(token);
        }
      }
    }
  }
}

describe('a mailbox', () => {
  test('does in any order of steps what its model does', { timeout: 60_000 + 300 * RUNS }, async () => {
    await using post = new Post(server.url);
    const open = () => [0, 1, 2].map(() => post.coordinator({ messaging }));
    let [all, openedAt] = [open(), Date.now()];
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        // Half a minute old they sweep by themselves, which no model knows of.
        if (Date.now() - openedAt > 15_000) {
          await Promise.all(all.map((one) => one.close()));
          [all, openedAt] = [open(), Date.now()];
        }
        await forget(post);
        await follow(post, all, todo);
      }),
      { numRuns: RUNS },
    );
  });

  test(
    'loses nothing and holds nothing twice, whatever happens at the same time',
    { timeout: 60_000 + 300 * RUNS },
    async () => {
      await using post = new Post(server.url);
      const all = [0, 1].map(() =>
        post.coordinator({ messaging: { ...messaging, queueSize: 1000, retryAttempts: 2, maxStalls: 100 } }),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 40, maxLength: 80 }),
          async (dice) => {
            await forget(post);
            await storm(post, all, dice);
          },
        ),
        { numRuns: Math.ceil(RUNS / 5) },
      );
    },
  );
});

/** Two for each coordinator: what they ask at the same moment goes together. */
const ACTORS = 4;

/** Several actors at once, each with its own dice; at the end every message is handled or a dead letter. */
async function storm(post: Post, all: readonly MessageCoordinator[], dice: readonly number[]): Promise<void> {
  const sent = new Set<string>();
  const done: string[] = [];
  const holders = new Map<string, string>();
  let throws = 0;
  const actor = async (index: number): Promise<void> => {
    const one = all[index % all.length]!;
    for (let round = 0; round < dice.length; round += 1) {
      const die = dice[(round * (index + 1)) % dice.length]!;
      throws += 1;
      if (die < 40) {
        const message_id = `m-${index}-${round}-x`;
        const priority = ([1, 5, 9] as const)[die % 3]!;
        expect((await one.send(message({ message_id, priority }))).delivered).toBe(true);
        sent.add(message_id);
      } else if (die < 50) await one.recoverPending(BOB);
      else {
        const received = await one.receive(BOB);
        if (received === null) continue;
        const id = received.queue_message.message.message_id;
        expect(holders.get(id), `${id} is held twice`).toBeUndefined();
        holders.set(id, received.token);
        if (die % 2 === 0) await sleep(0);
        // Whoever takes it from now on may: it is given up before Redis is asked.
        holders.delete(id);
        if (die < 75) {
          if (await one.ack(BOB, received.token)) done.push(id);
        } else if (die < 85) await one.nack(BOB, received.token);
        else if (die < 92) await one.release(BOB, received.token);
        else await expire(post, received.token);
      }
    }
  };
  await Promise.all(Array.from({ length: ACTORS }, (_, index) => actor(index)));
  expect(throws).toBe(ACTORS * dice.length);

  for (;;) {
    await all[0]!.recoverPending(BOB);
    const received = await all[0]!.receive(BOB);
    if (received === null) break;
    if (await all[0]!.ack(BOB, received.token)) done.push(received.queue_message.message.message_id);
  }
  const dead = (await all[0]!.listDeadLetters(BOB, { limit: 500 })).map(
    ({ letter }) => (letter as DeadLetter).message.message_id,
  );
  expect([...done, ...dead].toSorted()).toEqual([...sent].toSorted());
}
