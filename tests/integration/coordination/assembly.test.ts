import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AgentId,
  createAgentId,
  createCoordination,
  MessageCoordinator,
  type CoordinatedAgent,
  type Coordination,
  type CoordinationOptions,
} from '../../../src/entries/coordination.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

const ENTRY = join(import.meta.dirname, '../../../src/entries/coordination.ts');

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await acquireRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  await redis.quit();
  await server.dispose();
});

const options = (): CoordinationOptions => ({ connection: server.url, keyPrefix: testPrefix() });
const caller = { type: 'caller', instance: 'c1' };
const question = (recipient: AgentId, id = 'question-1') =>
  ({ message_id: id, sender: caller, recipient, message_type: 'request' }) as const;

async function depthOf({ coordinator }: Coordination, agent: AgentId): Promise<number> {
  const { waiting, delayed, reserved } = await coordinator.mailbox(agent);
  return waiting['1'] + waiting['5'] + waiting['9'] + delayed + reserved;
}

/** What a process prints that imports the package, and ends without being told to. */
async function printedBy(code: string): Promise<string> {
  const script = `import { createCoordination } from '${ENTRY}';\n${code}`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  expect(stderr).toBe('');
  return stdout;
}

/** A place to connect to that counts who does. */
async function doorbell(): Promise<{ port: number; rings: () => number; server: Server }> {
  let rings = 0;
  const bell = createServer((socket) => {
    rings += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => bell.listen(0, '127.0.0.1', resolve));
  const address = bell.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, rings: () => rings, server: bell };
}

describe('putting coordination together', () => {
  test('connects to nothing until it is used, and a process that creates and closes ends by itself', async () => {
    const { port, rings, server: bell } = await doorbell();
    const connection = `redis://127.0.0.1:${port}/0`;
    const printed = await printedBy(`
      const coordination = createCoordination({ connection: ${JSON.stringify(connection)} });
      const { coordinator, registry, router, capabilities, circuits, supervisor, discovery } = coordination;
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(circuits.list().length, supervisor.list().length, registry.local().length);
      await coordination.close();
      await coordination.close();
    `);
    expect(printed).toBe('0 0 0\n');
    expect(rings()).toBe(0);
    bell.close();
  });

  test('a process that used every part ends by itself after close', async () => {
    const printed = await printedBy(`
      const coordination = createCoordination(${JSON.stringify(options())});
      const process = async () => ({ text: 'hello' });
      await coordination.runAgent({ type: 'greeter', instance: 'g1', process, capabilities: [
        { name: 'greet', type: 'generation', version: '1.0.0' }] });
      await coordination.discovery.settled('greeter:g1');
      const found = await coordination.capabilities.discover({ capability_name: 'greet' });
      const answer = await coordination.coordinator.request({ message_id: 'ask-0001',
        sender: { type: 'caller', instance: 'c1' }, recipient: { type: 'greeter' }, message_type: 'request' });
      const called = await coordination.circuits.get('mail').execute(async () => 'called');
      console.log(answer.payload.text, found.matches.length, called);
      await coordination.close();
    `);
    expect(printed).toBe('hello 1 called\n');
  });

  test('says everything that is wrong with its options at once', () => {
    const wrong = {
      connection: server.url,
      messaging: { queueSize: 0 },
      agents: { heartbeatTtlMs: 30_000, heartbeatIntervalMs: 30_000 },
      routing: {},
    };
    expect(() => createCoordination(wrong as never)).toThrow(
      /messaging\.queueSize.*agents\.heartbeatIntervalMs: must be below heartbeatTtlMs.*"routing"/,
    );
    expect(() =>
      createCoordination({ ...options(), circuits: { config: { failure_threshold: 0 } } }),
    ).toThrow(/failure_threshold/);
  });

  test('a client that is given stays open and as it was', async () => {
    const given = new Redis(server.url);
    const coordination = createCoordination({ connection: given, keyPrefix: testPrefix() });
    await coordination.start();
    await coordination.circuits.get('mail').execute(async () => 1);
    await coordination.close();
    expect(await given.ping()).toBe('PONG');
    expect(given.options.enableOfflineQueue).toBe(true);
    await given.quit();
  });

  test('after close nothing can be begun', async () => {
    const coordination = createCoordination(options());
    await coordination.start();
    await coordination.close();
    const agent: CoordinatedAgent = { type: 'late', process: async () => undefined };
    await expect(coordination.runAgent(agent)).rejects.toMatchObject({ code: 'coordination_closed' });
    await expect(coordination.coordinator.send(question(createAgentId('late')))).rejects.toMatchObject({
      code: 'coordination_closed',
    });
    expect(() => coordination.circuits.get('mail')).toThrow('after close');
  });

  test('two prefixes on one Redis never see each other', async () => {
    await using one = createCoordination(options());
    await using other = createCoordination(options());
    await one.runAgent({ type: 'greeter', instance: 'g1', process: async () => ({ from: 'one' }) });
    expect(await other.registry.list()).toEqual([]);
    await other.coordinator.send(question(createAgentId('greeter', 'g1')));
    expect(await one.coordinator.listMailboxes()).not.toEqual([]);
    expect(await depthOf(other, createAgentId('greeter', 'g1'))).toBe(1);
    expect(await depthOf(one, createAgentId('greeter', 'g1'))).toBe(0);
  });

  test('close deregisters agents and gives back what they did not finish', async () => {
    const keyPrefix = testPrefix();
    const coordination = createCoordination({ connection: server.url, keyPrefix });
    const begun = Promise.withResolvers<void>();
    await coordination.runAgent({
      type: 'slow',
      instance: 's1',
      process: async (_payload, { signal }) => {
        begun.resolve();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
      },
    });
    await coordination.coordinator.send(question(createAgentId('slow', 's1')));
    await begun.promise;
    await coordination.close({ graceMs: 0 });

    await using later = createCoordination({ connection: server.url, keyPrefix });
    expect(await later.registry.list()).toEqual([]);
    const waiting = await Promise.all(
      [createAgentId('slow', 's1'), createAgentId('slow')].map((agent) => depthOf(later, agent)),
    );
    expect(waiting.reduce((sum, depth) => sum + depth, 0)).toBe(1);
  });

  test('deregistering an agent takes its subscriptions away', async () => {
    await using coordination = createCoordination(options());
    const { id } = await coordination.runAgent({
      type: 'listener',
      instance: 'l1',
      process: async () => undefined,
    });
    await coordination.coordinator.subscribe(id, ['event']);
    await coordination.registry.deregister(id);
    expect(await coordination.coordinator.listSubscriptions()).toEqual([]);
  });

  test('an agent that keeps failing opens the circuit of its type, and its messages wait', async () => {
    await using coordination = createCoordination({
      ...options(),
      messaging: { retryAttempts: 5, backoffBaseMs: 1 },
      circuits: { config: { failure_threshold: 2 } },
    });
    let calls = 0;
    await coordination.runAgent({
      type: 'failing',
      instance: 'f1',
      concurrency: 1,
      process: async () => {
        calls += 1;
        throw new Error('no');
      },
    });
    const circuit = coordination.circuits.get('agent.failing');
    await coordination.coordinator.send(question(createAgentId('failing', 'f1')));
    await expect.poll(() => circuit.state(), { timeout: 20_000 }).toBe('open');
    await expect.poll(() => depthOf(coordination, createAgentId('failing', 'f1'))).toBe(1);
    expect(calls).toBe(2);
  });

  test('a call that takes too long counts against the circuit of its type', async () => {
    await using coordination = createCoordination({
      ...options(),
      messaging: { retryAttempts: 5, backoffBaseMs: 1 },
      supervision: { callTimeoutMs: 50 },
      circuits: { config: { failure_threshold: 2 } },
    });
    await coordination.runAgent({ type: 'hanging', instance: 'h1', process: () => new Promise(() => {}) });
    await coordination.coordinator.send(question(createAgentId('hanging', 'h1')));
    const circuit = coordination.circuits.get('agent.hanging');
    await expect.poll(() => circuit.state(), { timeout: 20_000 }).toBe('open');
  });
});

describe('what was written for the original', () => {
  test('agents without capabilities, state or health are run like any other', async () => {
    await using coordination = createCoordination({
      ...options(),
      supervision: { healthCheckIntervalMs: 20, failureDetectionIntervalMs: 20 },
    });
    const { id } = await coordination.runAgent({
      type: 'plain',
      instance: 'p1',
      process: async () => ({ ok: true }),
    });
    await coordination.supervisor.checkAll();
    await coordination.registry.heartbeat();
    const answer = await coordination.coordinator.request(question(id));
    expect(answer.payload['ok']).toBe(true);
    const view = await coordination.registry.get(id);
    expect(view).toMatchObject({ isAlive: true, record: { status: { degraded: false }, capabilities: [] } });
    expect(coordination.discovery.status().components).toEqual([]);
  });

  test.for(['input_processor', 'world_builder', 'narrative_generator'])(
    'the identity of a %s reads as it always did',
    (type) => {
      const old = JSON.parse(`{"type": "${type}", "instance": "worker-1"}`) as unknown;
      expect(AgentId.parse(old)).toEqual(old);
      const pooled = JSON.parse(`{"type": "${type}", "instance": null}`) as unknown;
      expect(AgentId.parse(pooled)).toEqual(pooled);
      expect(createAgentId(type)).toEqual(pooled);
    },
  );

  test('each part can be made alone', async () => {
    await using coordinator = new MessageCoordinator({ connection: server.url, keyPrefix: testPrefix() });
    expect(await coordinator.receive({ type: 'nobody' })).toBeNull();
  });
});
