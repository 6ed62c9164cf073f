import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createCoordination } from '../../src/coordination/create-coordination.ts';
import type { CapableTask } from '../support/capable-process.ts';
import { message, Post } from '../support/coordination.ts';
import { quickCoordination } from '../support/quick-coordination.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

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

/** Returns when its agent is registered. */
async function start(post: Post, task: Omit<CapableTask, 'url' | 'prefix'>): Promise<ChildProcess> {
  const script = join(import.meta.dirname, '../support/capable-process.ts');
  const whole = JSON.stringify({ url: post.url, prefix: post.prefix, ...task });
  const child = spawn(process.execPath, [script, whole], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return child;
}

test('[R8.1] what waits for an agent that is killed, the last of its type, goes to processes that can do what it asks for', async () => {
  await using post = new Post(server.url);
  await using here = createCoordination(quickCoordination(post.url, post.prefix));
  const { coordinator, capabilities, registry } = here;
  const BOB = { type: 'bob', instance: 'b1' };
  const [victim] = await Promise.all([
    start(post, { agent: 'bob:b1', names: ['weave', 'dye'], hangs: true }),
    start(post, { agent: 'weaver:tired', names: ['weave', 'dye'] }),
    start(post, { agent: 'weaver:w1', names: ['weave', 'dye'] }),
    start(post, { agent: 'singer:s1', names: ['sing'] }),
  ]);
  // What it can do is known a moment after it is registered.
  await expect
    .poll(async () => (await capabilities.list()).map(({ agent_id }) => agent_id))
    .toEqual(['bob:b1', 'singer:s1', 'weaver:tired', 'weaver:w1']);
  await registry.setDegraded({ type: 'weaver', instance: 'tired' }, true);

  await coordinator.send(message({ message_id: 'in-hand', recipient: BOB }));
  await expect.poll(async () => (await coordinator.mailbox(BOB)).reserved).toBe(1);
  const wanting = {
    'both-one': ['weave', 'dye'],
    'both-other': ['dye', 'weave'],
    'a-song': ['sing'],
    'nobody-can': ['weave', 'sing'],
    anything: [],
  };
  for (const [id, required] of Object.entries(wanting))
    await coordinator.send(
      message({ message_id: id, recipient: BOB, payload: { required_capabilities: required } }),
    );
  victim.kill('SIGKILL');
  await here.start();

  const handled = async (): Promise<string[]> =>
    (await post.redis.lrange(`${post.prefix}:handled`, 0, -1)).toSorted();
  await expect
    .poll(handled, { timeout: 30_000 })
    .toEqual(['singer:s1 a-song', 'weaver:w1 both-one', 'weaver:w1 both-other']);
  const left = async (): Promise<string[]> =>
    (await coordinator.peek({ type: 'bob' })).map(({ message: { message_id } }) => message_id).toSorted();
  await expect.poll(left, { timeout: 30_000 }).toEqual(['anything', 'in-hand', 'nobody-can']);
  expect(await coordinator.depth(BOB)).toBe(0);
});
