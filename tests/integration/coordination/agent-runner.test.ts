import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CoordinatedAgent } from '../../../src/coordination/agents/agent.ts';
import { PermanentFailure } from '../../../src/coordination/errors.ts';
import { deferred } from '../../../src/kernel/deferred.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ANNA, BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { House, Worker } from '../../support/supervision.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const statusOf = async (house: House) => (await house.registry.get(BOB))?.record.status;

describe('an agent at work', () => {
  test('answers a request with what it made of it, once, at the priority of the request', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await house.supervisor.run(new Worker('b1', 'bob', async ({ n }) => ({ doubled: Number(n) * 2 })));
    const asked = message({ message_type: 'request', priority: 9, payload: { n: 21 } });
    const answer = await house.coordinator.request(asked, { timeoutMs: 10_000 });
    expect(answer).toMatchObject({
      sender: BOB,
      recipient: ANNA,
      message_type: 'response',
      priority: 9,
      payload: { doubled: 42, in_reply_to: asked.message_id },
    });
    expect(await house.coordinator.receive(ANNA)).toBeNull();
  });

  test('answers even when it has nothing to say, and answers no event', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const bob = new Worker('b1', 'bob', async ({ loud }) => (loud === true ? { word: 'hey' } : undefined));
    await house.supervisor.run(bob);
    await house.coordinator.send(message({ payload: { loud: true } }));
    await house.coordinator.send(message({ message_id: 'quiet-1', message_type: 'request' }));
    await expect.poll(() => bob.handled.length, { timeout: 10_000 }).toBe(2);
    const received = await house.coordinator.receive(ANNA, { waitMs: 5000 });
    expect(received?.queue_message.message.payload).toEqual({ in_reply_to: 'quiet-1' });
    expect(await house.coordinator.receive(ANNA)).toBeNull();
  });

  test('gives the same answer when a crash makes it handle a request again', async () => {
    await using post = new Post(server.url);
    await using house = new House(post, { messaging: { visibilityTimeoutMs: 200 } });
    const one = post.coordinator();
    // Handled and answered, but the process died before it could say so.
    await one.send(message({ message_id: 'asked-01', message_type: 'request' }));
    const { queue_message: queued } = (await one.receive(BOB, { visibilityTimeoutMs: 100 }))!;
    await one.send({
      message_id: `re-${queued.enqueue_id}`,
      sender: BOB,
      recipient: ANNA,
      message_type: 'response',
      payload: { in_reply_to: 'asked-01', by: 'the first' },
    });
    await sleep(120);
    await one.recoverPending(BOB);
    const bob = new Worker('b1', 'bob', async () => ({ by: 'the second' }));
    await house.supervisor.run(bob);
    await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['asked-01']);
    await expect.poll(() => one.depth(BOB)).toBe(0);
    const received = await one.receive(ANNA);
    expect(received?.queue_message.message.payload).toMatchObject({ by: 'the first' });
    expect(await one.receive(ANNA)).toBeNull();
  });

  test('is given its message, a logger that names it, and a way to send', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await house.supervisor.run(
      new Worker('b1', 'bob', async (payload, context) => {
        context.logger.info({ word: payload['word'] }, 'at work');
        await context.send(message({ message_id: 'onwards-1', recipient: { type: 'carl' } }));
        return undefined;
      }),
    );
    await house.coordinator.send(message({ message_id: 'begin-01', payload: { word: 'go' } }));
    expect(
      (await house.coordinator.receive({ type: 'carl' }, { waitMs: 10_000 }))?.queue_message.message,
    ).toMatchObject({ message_id: 'onwards-1' });
    expect(house.log.lines).toContainEqual({
      level: 'info',
      message: 'at work',
      fields: { agent: 'bob:b1', message_id: 'begin-01', word: 'go' },
    });
  });

  test('is busy while it handles something, and its calls are counted by how they ended', async () => {
    await using post = new Post(server.url);
    await using house = new House(post, {
      messaging: { retryAttempts: 0 },
      supervision: { callTimeouts: { bob: 300 } },
    });
    const [begun, go] = [deferred(), deferred()];
    const bob = new Worker('b1', 'bob', async ({ how }, { signal }) => {
      if (how === 'wait') {
        begun.resolve();
        await go.promise;
      }
      if (how === 'throw') throw new PermanentFailure('no');
      if (how === 'hang') await sleep(60_000, undefined, { signal });
      if (how === 'circuit') {
        if (bob.handled.includes('circuit')) return undefined;
        bob.handled.push('circuit');
        throw new FleetError({
          code: 'circuit_open',
          kind: 'unavailable',
          message: 'open',
          retryAfterMs: 50,
        });
      }
      return undefined;
    });
    const handle = await house.supervisor.run(bob);
    expect(handle.status).toBe('idle');
    await house.coordinator.send(message({ payload: { how: 'wait' } }));
    await begun.promise;
    await house.registry.heartbeat();
    expect(await statusOf(house)).toMatchObject({ status: 'busy', running: true });
    go.resolve();
    for (const how of ['throw', 'hang', 'circuit'])
      await house.coordinator.send(message({ payload: { how } }));
    const recordOf = async () => {
      await house.registry.heartbeat();
      return (await house.registry.get(BOB))!.record;
    };
    await expect
      .poll(async () => (await recordOf()).metrics, { timeout: 10_000 })
      .toMatchObject({ requests: 4, errors: 2, in_flight: 0 });
    expect((await recordOf()).performance).toMatchObject({ window: 4, error_rate: 0.5 });
    expect(await statusOf(house)).toMatchObject({ status: 'idle' });
    const letters = await house.coordinator.listDeadLetters(BOB);
    expect(letters.map(({ letter }) => letter.failure)).toEqual(['permanent', 'timeout']);
  });

  test('whose result is no payload fails for good, without telling what was in it', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const process = async () => ({ when: new Date(0), secret: 'word' }) as never;
    await house.supervisor.run({ ...BOB, process } satisfies CoordinatedAgent);
    await house.coordinator.send(message({ message_type: 'request' }));
    await expect
      .poll(async () => (await house.coordinator.listDeadLetters(BOB)).map(({ letter }) => letter.reason), {
        timeout: 10_000,
      })
      .toEqual(['permanent_failure']);
    const [entry] = await house.coordinator.listDeadLetters(BOB);
    expect(entry!.letter).toMatchObject({ last_error: expect.stringMatching(/payload\.when/) });
    expect(JSON.stringify(entry)).not.toContain('word');
  });

  test('is called through what is put around it', async () => {
    await using post = new Post(server.url);
    const calls: string[] = [];
    await using house = new House(post, {
      around: async (agent, work, signal) => {
        calls.push(agent.type);
        if (calls.length === 1)
          throw new FleetError({ code: 'circuit_open', kind: 'unavailable', message: 'x', retryAfterMs: 50 });
        return work(signal);
      },
    });
    const bob = new Worker('b1');
    const handle = await house.supervisor.run(bob);
    await house.coordinator.send(message({ message_id: 'guarded-1' }));
    await expect.poll(() => bob.handled, { timeout: 10_000 }).toEqual(['guarded-1']);
    expect(calls).toEqual(['bob', 'bob']);
    expect(handle.inFlight).toBe(0);
  });

  test('tries again when nobody can take its answer', async () => {
    await using post = new Post(server.url);
    const messaging = { queueSize: 1, backoffBaseMs: 50 };
    await using house = new House(post, { messaging });
    const bob = new Worker('b1');
    await house.coordinator.send(message({ message_id: 'in-the-way', recipient: ANNA }));
    await house.supervisor.run(bob);
    await house.coordinator.send(message({ message_id: 'asked-02', message_type: 'request' }));
    await expect.poll(() => bob.handled.length, { timeout: 10_000 }).toBeGreaterThan(1);
    await house.coordinator.ack(ANNA, (await house.coordinator.receive(ANNA))!.token);
    const received = await house.coordinator.receive(ANNA, { waitMs: 5000 });
    expect(received?.queue_message.message.payload).toEqual({ in_reply_to: 'asked-02' });
  });
});

test('an agent that cannot be fed is not left among the registered', async () => {
  await using post = new Post(server.url);
  await using house = new House(post);
  await house.coordinator.close();
  await expect(house.supervisor.run(new Worker('b1'))).rejects.toMatchObject({ code: 'coordination_closed' });
  expect(await house.registry.get(BOB)).toBeNull();
  expect(house.supervisor.list()).toEqual([]);
});

describe('the controlled end of an agent', () => {
  test('finishes what is in hand, takes nothing more, saves its state, hands over the rest, and is gone', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    await using other = new House(post);
    const [begun, go] = [deferred(), deferred()];
    const seen: unknown[] = [];
    const bob = Object.assign(
      new Worker('b1', 'bob', async () => {
        begun.resolve();
        await go.promise;
        return undefined;
      }),
      {
        exportState: () => ({ handled: bob.handled }),
        importState: async (state: unknown) => void seen.push(state),
      },
    );
    const ben = new Worker('b2');
    await house.supervisor.run(bob);
    await house.coordinator.send(message({ message_id: 'in-hand-1' }));
    await begun.promise;
    for (const n of [1, 2, 3]) await house.coordinator.send(message({ message_id: `waiting-${n}` }));
    await other.supervisor.run(ben);
    const stopping = house.supervisor.stop();
    await expect.poll(() => statusOf(other)).toMatchObject({ running: false, status: 'stopped' });
    expect(await other.registry.discover('bob')).toHaveLength(1);
    go.resolve();
    await stopping;
    expect(bob.handled).toEqual(['in-hand-1']);
    expect(await other.registry.get(BOB)).toBeNull();
    await expect
      .poll(() => ben.handled, { timeout: 10_000 })
      .toEqual(['waiting-1', 'waiting-2', 'waiting-3']);
    expect((await other.events('fallback')).map(({ details }) => details)).toEqual([
      { from: 'bob:b1', to: 'bob:b2', moved: 3 },
    ]);
    expect((await other.events('deregistered')).map(({ details }) => details)).toEqual([
      { reason: 'shutdown' },
    ]);
    await other.supervisor.run(bob);
    expect(seen).toEqual([{ handled: ['in-hand-1'] }]);
  });

  test('gives back what is not done when the grace is over, and counts it neither way', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    const begun = deferred();
    const bob = new Worker('b1', 'bob', async (_, { signal }) => {
      begun.resolve();
      await sleep(60_000, undefined, { signal });
      return undefined;
    });
    const handle = await house.supervisor.run(bob);
    const sent = message({ message_id: 'unfinished-1' });
    await house.coordinator.send(sent);
    await begun.promise;
    await house.supervisor.stop({ graceMs: 50 });
    expect(handle.inFlight).toBe(0);
    const one = post.coordinator();
    // Nobody else is there: it waits for whoever of the type comes next.
    const received = await one.receive({ type: 'bob' });
    expect(received?.queue_message).toMatchObject({
      message: { message_id: 'unfinished-1' },
      delivery_attempts: 0,
      stalls: 0,
    });
    expect(
      (await post.redis.xrevrange(`${post.prefix}:events:agents`, '+', '-', 'COUNT', 2)).flat(2),
    ).toContain('deregistered');
  });

  test('of several agents does not hand the messages of one to another that ends as well', async () => {
    await using post = new Post(server.url);
    await using house = new House(post);
    for (const instance of ['b1', 'b2', 'b3']) await house.supervisor.run(new Worker(instance));
    const mailbox = post.queue(BOB);
    await mailbox.pause();
    for (let n = 0; n < 5; n += 1) await house.coordinator.send(message());
    await house.supervisor.stop();
    // What is paused is not moved either; a later round finds it.
    expect(await house.coordinator.depth(BOB)).toBe(5);
    await mailbox.resume();
    expect(await house.registry.list()).toEqual([]);
    await house.supervisor.fallback.runOnce();
    expect(await house.coordinator.depth({ type: 'bob' })).toBe(5);
    expect((await house.events('fallback')).map(({ details }) => details['to'])).toEqual(['bob:default']);
    expect((await house.events('unserved')).map(({ agent_id, details }) => [agent_id, details])).toEqual([
      ['bob:default', { waiting: 5 }],
    ]);
  });
});
