import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BOB, message, Post } from '../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';
import type { SupervisedTask } from '../support/supervised-process.ts';
import { House, Worker } from '../support/supervision.ts';

let server: TestRedis;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  server = await acquireRedis();
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Child {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** Returns when its agents are registered. */
async function start(post: Post, task: Omit<SupervisedTask, 'url' | 'prefix'>): Promise<Child> {
  const script = join(import.meta.dirname, '../support/supervised-process.ts');
  const whole = JSON.stringify({ url: post.url, prefix: post.prefix, ...task });
  const child = spawn(process.execPath, [script, whole], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => {
    children.delete(child);
    return { code: code as number | null, signal: signal as string | null };
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  return { kill: (signal) => void child.kill(signal), ended };
}

interface Handled {
  readonly by: string;
  readonly message_id: string;
}

async function handled(post: Post): Promise<Handled[]> {
  const lines = await post.redis.lrange(`${post.prefix}:handled`, 0, -1);
  return lines.map((line) => JSON.parse(line) as Handled);
}

const byId = (one: { message_id: string }, other: { message_id: string }): number =>
  one.message_id.localeCompare(other.message_id);

/** Looks on, and takes no part. */
const onlooker = (post: Post): House => new House(post, { registry: { lossDetectionIntervalMs: 60_000 } });

describe('agents in several processes', () => {
  test(
    '[R6.2] one that is killed counts as dead, is lost once, and what waited for it is processed elsewhere exactly as sent',
    { timeout: 60_000 },
    async () => {
      await using post = new Post(server.url);
      await using house = onlooker(post);
      const victim = await start(post, { agents: ['b1'], hangs: true });
      await house.coordinator.send(message({ message_id: 'in-hand-1' }));
      await expect.poll(async () => (await house.coordinator.mailbox(BOB)).reserved).toBe(1);
      const sent = Array.from({ length: 20 }, (_, n) => ({
        message_id: `waits-${10 + n}`,
        priority: ([1, 5, 9] as const)[n % 3]!,
        sender: { type: 'anna', instance: null },
        payload: { n, text: 'ünïcode', deep: { list: [1, null, true] } },
      }));
      for (const each of sent) await house.coordinator.send(message(each));
      await start(post, { agents: ['b2'] });
      expect(await house.registry.get(BOB)).toMatchObject({ isAlive: true });
      victim.kill('SIGKILL');
      await expect
        .poll(async () => (await handled(post)).length, { timeout: 30_000, interval: 50 })
        .toBeGreaterThanOrEqual(21);
      expect(await house.registry.get(BOB)).toMatchObject({ isAlive: false });
      const all = await handled(post);
      const { true: others = [], false: waiting = [] } = Object.groupBy(all, ({ message_id }) =>
        message_id === 'in-hand-1' ? 'true' : 'false',
      );
      expect(others.map(({ by }) => by)).toEqual(['b2']);
      expect(waiting.toSorted(byId)).toEqual(sent.map((each) => ({ ...each, by: 'b2' })));
      expect(waiting.slice(0, 6).map((each) => (each as unknown as { priority: number }).priority)).toEqual(
        Array.from({ length: 6 }, () => 9),
      );
      expect((await house.events('lost')).map(({ agent_id }) => agent_id)).toEqual(['bob:b1']);
    },
  );

  test('one that ends in order is gone from the list when its process is', { timeout: 60_000 }, async () => {
    await using post = new Post(server.url);
    await using house = onlooker(post);
    const going = await start(post, { agents: ['b1', 'b2'], takesMs: 300 });
    const staying = await start(post, { agents: ['b3'] });
    for (let n = 0; n < 12; n += 1)
      await house.coordinator.send(
        message({
          message_id: `busy-${10 + n}`,
          recipient: { type: 'bob', instance: n % 2 === 0 ? 'b1' : 'b2' },
        }),
      );
    await expect.poll(async () => (await handled(post)).length, { timeout: 10_000 }).toBeGreaterThan(0);
    going.kill('SIGTERM');
    expect(await going.ended).toEqual({ code: 0, signal: null });
    expect((await house.registry.list()).map(({ text }) => text)).toEqual(['bob:b3']);
    await expect.poll(async () => (await handled(post)).length, { timeout: 20_000 }).toBe(12);
    const ids = new Set((await handled(post)).map(({ message_id }) => message_id));
    expect(ids.size).toBe(12);
    expect(await house.events('lost')).toEqual([]);
    staying.kill('SIGTERM');
    expect(await staying.ended).toEqual({ code: 0, signal: null });
    expect(await house.registry.list()).toEqual([]);
  });

  test(
    'one that cannot be healed is restarted after growing pauses; then its process ends with code 1',
    { timeout: 60_000 },
    async () => {
      await using post = new Post(server.url);
      await using house = onlooker(post);
      const restart = { baseDelayMs: 200, maxDelayMs: 10_000, windowMs: 30_000 };
      const ill = await start(post, { agents: ['b1'], isIll: true, supervision: { restart } });
      expect(await ill.ended).toEqual({ code: 1, signal: null });
      const events = await house.events('unhealthy', 'restart_failed', 'restart_denied');
      expect(events.map(({ kind }) => kind)).toEqual([
        'unhealthy',
        'restart_failed',
        'restart_failed',
        'restart_failed',
        'restart_denied',
      ]);
      // An attempt begins after what is told before it, and is over when its failure is told.
      const at = events.map((event) => Date.parse(event.at) - Date.parse(events[0]!.at));
      expect(at[2]).toBeGreaterThanOrEqual(200);
      expect(at[3]).toBeGreaterThanOrEqual(200 + 400);
    },
  );

  test(
    'one that dies while it moves messages of another leaves them to the next one, each exactly once',
    { timeout: 60_000 },
    async () => {
      await using post = new Post(server.url);
      await using house = onlooker(post);
      const victim = await start(post, { agents: ['b1'], hangs: true });
      const ids = Array.from({ length: 120 }, (_, n) => `moved-${100 + n}`);
      await Promise.all(ids.map((message_id) => house.coordinator.send(message({ message_id }))));
      await expect.poll(async () => (await house.coordinator.mailbox(BOB)).reserved).toBe(1);
      const BEN = { type: 'bob', instance: 'b2' };
      await house.registry.register(new Worker('b2'));
      // Only its being told of the loss moves anything.
      const supervision = { handoverIntervalMs: 60_000 };
      const mover = await start(post, { agents: [], dieAtBatch: 2, supervision });
      victim.kill('SIGKILL');
      expect(await mover.ended).toEqual({ code: null, signal: 'SIGKILL' });
      expect(await house.coordinator.depth(BEN)).toBe(50);
      expect(await house.coordinator.depth(BOB)).toBe(70);

      await start(post, { agents: [] });
      await expect.poll(() => house.coordinator.depth(BEN), { timeout: 20_000 }).toBe(120);
      const all = await house.coordinator.peek(BEN, { limit: 1000 });
      const moved = all.map((queued) => queued.message.message_id);
      expect(moved.toSorted((a, b) => a.localeCompare(b))).toEqual(ids);
      // What was in hand followed when its reservation was over.
      expect(all.filter(({ stalls }) => stalls === 1)).toHaveLength(1);
      expect(await house.events('lost')).toHaveLength(1);
    },
  );
});
