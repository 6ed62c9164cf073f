import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MessageCoordinator } from '../../../src/coordination/messages/coordinator.ts';
import { takeMessage } from '../../../src/coordination/scripts/settle-leftovers.ts';
import type { AgentMessageInput } from '../../../src/coordination/models/message.ts';
import { ANNA, BOB, message, Post } from '../../support/coordination.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { tcpGate, type TcpGate } from '../../support/tcp-gate.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => void vi.restoreAllMocks());

const ASKER = { type: 'asker', instance: 'a1' };
const question = (message_id: string): AgentMessageInput =>
  message({ message_id, sender: ASKER, message_type: 'request' });
const answerTo = (id: string, recipient = ASKER): AgentMessageInput =>
  message({ sender: BOB, recipient, message_type: 'response', payload: { in_reply_to: id } });

/** Answers to a script arrive when they are let through. */
function holdAnswers(sha: string): { readonly asked: Promise<void>; readonly letThrough: () => void } {
  const asked = Promise.withResolvers<void>();
  const through = Promise.withResolvers<void>();
  // oxlint-disable-next-line unbound-method -- it is called with the client it was called on
  const send = Redis.prototype.sendCommand;
  vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function held(this: Redis, ...args) {
    const answer = send.apply(this, args) as Promise<unknown>;
    if (args[0].name !== 'evalsha' || args[0].args[0] !== sha) return answer;
    const late = answer.then(async (value) => {
      if (value === null) return value;
      asked.resolve();
      await through.promise;
      return value;
    });
    return late;
  });
  return { asked: asked.promise, letThrough: through.resolve };
}

describe('a request', () => {
  test('ends with its time also when Redis is silent from the beginning', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    await one.send(message());
    await post.redis.client('PAUSE', 3000, 'ALL');
    let isSilent = true;
    const spoken = post.redis.ping().then(() => (isSilent = false));
    await expect(one.request(question('question-1'), { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'request_unanswered',
    });
    expect(isSilent).toBe(true);
    await spoken;
  });

  test('is not sent when its signal was aborted before', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const reason = new Error('enough');
    const asking = one.request(question('question-1'), { timeoutMs: 500, signal: AbortSignal.abort(reason) });
    await expect(asking).rejects.toBe(reason);
    expect(await one.receive(BOB)).toBeNull();
  });

  test('ends when its coordinator closes, and keeps no process alive', async () => {
    await using post = new Post(server.url);
    const one = post.coordinator();
    const asking = one.request(question('question-1'), { timeoutMs: 3_600_000 });
    const outcome = asking.catch((error: unknown) => error);
    await expect.poll(() => one.depth(BOB)).toBe(1);
    await one.close();
    expect(await outcome).toMatchObject({ code: 'coordination_closed' });
  });

  test('leaves an answer in the mailbox that was fetched when nobody waited any more', async () => {
    await using post = new Post(server.url);
    const [one, other] = [post.coordinator(), post.coordinator()];
    await post.redis.script('LOAD', takeMessage.lua);
    const { asked, letThrough } = holdAnswers(takeMessage.sha);
    const stop = new AbortController();
    const asking = one.request(question('question-1'), { timeoutMs: 10_000, signal: stop.signal });
    const outcome = asking.catch((error: unknown) => error);
    await other.send(answerTo('question-1'));
    await asked;
    stop.abort(new Error('too long'));
    expect(await outcome).toMatchObject({ message: 'too long' });
    letThrough();
    const late = await other.receive(ASKER, { waitMs: 5000 });
    expect(late?.queue_message.message.payload).toEqual({ in_reply_to: 'question-1' });
  });

  test('takes its answer out of no mailbox but its own', async () => {
    await using post = new Post(server.url);
    const [one, other] = [post.coordinator(), post.coordinator()];
    const asking = one.request(question('question-1'), { timeoutMs: 5000 });
    await expect.poll(() => other.depth(BOB)).toBe(1);
    // Somebody looks on: the same answer to both, the onlooker's last.
    const copy = answerTo('question-1', ANNA as typeof ASKER);
    await other.send({ ...copy, payload: { in_reply_to: 'question-1', for: 'onlooker' } });
    await other.send(answerTo('question-1'));
    await other.send({ ...copy, message_id: 'copy-0002', payload: { in_reply_to: 'question-1', n: 2 } });
    expect((await asking).payload).toEqual({ in_reply_to: 'question-1' });
    expect(await other.depth(ANNA)).toBe(2);
    expect(await other.depth(ASKER)).toBe(0);
  });
});

describe('a Redis that falls silent', () => {
  async function through(post: Post): Promise<{ gate: TcpGate; one: MessageCoordinator }> {
    const { hostname, port, pathname } = new URL(post.url);
    const gate = await tcpGate({ host: hostname, port: Number(port) });
    const one = post.coordinator({ connection: `redis://127.0.0.1:${gate.port}${pathname}` });
    await one.send(message());
    return { gate, one };
  }

  test('holds up no send for more than five seconds, however many there are', async () => {
    await using post = new Post(server.url);
    const { gate, one } = await through(post);
    await using _ = gate;
    gate.fallSilent();
    const startedAt = performance.now();
    const results = await Promise.all(Array.from({ length: 700 }, () => one.send(message())));
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(new Set(results.map(({ error_code }) => error_code))).toEqual(new Set(['unknown_outcome']));
  });

  test('keeps nobody from closing', async () => {
    await using post = new Post(server.url);
    const { gate, one } = await through(post);
    await using _ = gate;
    for (let n = 0; n < 20; n += 1) await one.send(message());
    for (let n = 0; n < 10; n += 1) await one.receive(BOB, { visibilityTimeoutMs: 60_000 });
    gate.fallSilent();
    let isClosed = false;
    const closing = one.close().then(() => (isClosed = true));
    await Promise.race([closing, sleep(15_000, undefined, { ref: false })]);
    expect(isClosed).toBe(true);
  });
});
