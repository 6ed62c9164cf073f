import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kinds, Town } from '../support/agents.ts';
import type { AgentTask } from '../support/agent-process.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Long enough that a process that waits for a core is not taken for dead. */
const TTL_MS = 1500;

interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  /** The next line it writes. */
  next(): Promise<{ readonly what: string; readonly value: unknown }>;
}

function start(town: Town, instance?: string): Child {
  const script = join(import.meta.dirname, '../support/agent-process.ts');
  const { url, prefix } = town;
  const task: AgentTask = { url, prefix, ttlMs: TTL_MS, ...(instance === undefined ? {} : { instance }) };
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  return {
    process: child,
    ended,
    async next() {
      const line: unknown = (await lines.next()).value;
      if (typeof line !== 'string') throw new Error('the process ended without a word');
      return JSON.parse(line) as { what: string; value: unknown };
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const bob = (instance: string) => ({ type: 'bob', instance });

describe('processes that run agents', () => {
  test('an agent whose process is killed is not alive after its TTL, is lost once, and comes back with its state', async () => {
    await using town = new Town(server.url);
    const look = town.registry();
    await using one = start(town, 'b1');
    await using other = start(town, 'b2');
    await using looking = start(town);
    expect((await one.next()).value).toMatchObject({ lives: 1 });
    await Promise.all([other.next(), looking.next()]);
    const isAlive = async (instance: string) => (await look.get(bob(instance)))?.isAlive;
    await expect.poll(() => isAlive('b1'), { timeout: 20_000 }).toBe(true);
    one.process.kill('SIGKILL');
    await one.ended;
    // Whenever one asks: it is alive as long as its last heartbeat is not older than its TTL, and no longer.
    await expect
      .poll(
        async () => {
          const view = (await look.get(bob('b1')))!;
          expect(view.isAlive).toBe(view.heartbeatAgeMs <= TTL_MS);
          return view.isAlive;
        },
        { interval: 20, timeout: 20_000 },
      )
      .toBe(false);
    const lost = async () => kinds(await look.events()).filter((kind) => kind.startsWith('lost'));
    await expect.poll(lost, { timeout: 20_000 }).toContain('lost bob:b1');
    // Both of the others look, and have looked many times when the second one is lost.
    other.process.kill('SIGKILL');
    await expect.poll(lost, { timeout: 20_000 }).toContain('lost bob:b2');
    expect(await lost()).toEqual(['lost bob:b1', 'lost bob:b2']);

    await using again = start(town, 'b1');
    expect((await again.next()).value).toMatchObject({ lives: 2 });
    expect(kinds(await look.events()).slice(-2)).toEqual(['state_restored bob:b1', 'registered bob:b1']);
    await expect.poll(() => isAlive('b1'), { timeout: 20_000 }).toBe(true);
    again.process.kill('SIGTERM');
    await again.ended;
    expect(again.process.exitCode).toBe(0);
    expect((await look.list()).map(({ text }) => text)).toEqual(['bob:b2']);
  });

  test('the second of a name is refused; a frozen first one cannot harm who came after it', async () => {
    await using town = new Town(server.url);
    const look = town.registry();
    await using one = start(town, 'b1');
    const { value: first } = await one.next();
    await using refused = start(town, 'b1');
    expect(await refused.next()).toMatchObject({
      what: 'refused',
      value: { code: 'agent_instance_conflict', details: { agent_id: 'bob:b1', pid: one.process.pid } },
    });
    one.process.kill('SIGSTOP');
    await expect.poll(async () => (await look.get(bob('b1')))?.isAlive, { timeout: 20_000 }).toBe(false);
    await using two = start(town, 'b1');
    const { what, value: second } = await two.next();
    expect(what).toBe('registered');
    one.process.kill('SIGCONT');
    // It tries to deregister as soon as it knows.
    expect(await one.next()).toEqual({ what: 'superseded', value: false });
    one.process.kill('SIGTERM');
    await one.ended;
    expect(await look.get(bob('b1'))).toMatchObject({ record: { pid: two.process.pid } });
    await expect.poll(async () => (await look.get(bob('b1')))?.isAlive, { timeout: 20_000 }).toBe(true);
    const told = (await look.events()).filter(({ kind }) => kind === 'superseded');
    expect(told.map(({ registration_id, details }) => [registration_id, details['by']])).toEqual([
      [first, second].map((each) => (each as { registrationId: string }).registrationId),
    ]);
  });
});
