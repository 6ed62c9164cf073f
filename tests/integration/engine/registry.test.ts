import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { isFleetError, type FleetError } from '../../../src/kernel/errors.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { pipe, step } from '../../../src/primitives/compose/combine.ts';
import { admitRun } from '../../../src/primitives/durable/admit-run.ts';
import { settleRun } from '../../../src/primitives/durable/settle-run.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { RedisStore } from '../../../src/redis/store.ts';
import { openCore, type Core } from '../../../src/runtime/core.ts';
import { definedAgents } from '../../../src/workflows/catalog/steps.ts';
import type { WorkflowDefinition } from '../../../src/workflows/definition.ts';
import { deleteDefinition } from '../../../src/workflows/registry/delete-definition.ts';
import { pinDefinitions } from '../../../src/workflows/registry/pin-definitions.ts';
import { putDefinition, type PutOutcome } from '../../../src/workflows/registry/put-definition.ts';
import { DefinitionRegistry } from '../../../src/workflows/registry/registry.ts';
import { eventually, startHarness } from '../../support/harness.ts';
import { quickConfig } from '../../../src/testing/settings.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
const clients: RedisClient[] = [];
beforeAll(async () => {
  redis = await acquireRedis();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map(closeRedis));
});
afterAll(() => redis.dispose());

const LIMITS = { runTimeoutMs: 60_000, stepTimeoutMs: { ipa: 10_000, wba: 10_000, nga: 10_000 } };
const BY = { created_at: '2026-01-01T00:00:00.000Z', created_by: 'tests' };
const compact = (name: string, ...agents: string[]) => ({
  name,
  agent_sequence: agents.map((agent) => ({ agent })),
});

async function connect(): Promise<RedisClient> {
  const client = await connectRedis({ url: redis.url, name: 'test', onOutage: 'fail_fast' });
  clients.push(client);
  return client;
}

async function newStore(prefix = `t${randomBytes(6).toString('hex')}`): Promise<RedisStore> {
  return { redis: await connect(), keys: createKeys(prefix) };
}

/** The registry of one more process of the same fleet. */
async function newProcess(store: RedisStore, options: { pollMs?: number; lines?: string[] } = {}) {
  const log = createLogger({
    level: 'warn',
    role: 'test',
    instance: 'test',
    version: '0',
    destination: { write: (line) => void options.lines?.push(line) },
  });
  const own = await newStore(store.keys.prefix);
  const registry = new DefinitionRegistry({
    store: own,
    code: [],
    log,
    agents: definedAgents(LIMITS),
    ...LIMITS,
  });
  const subscriber = await connect();
  await registry.start(subscriber, options.pollMs);
  return { registry, subscriber, connection: own.redis };
}

const put = (store: RedisStore, content: { name: string }, version?: number): Promise<PutOutcome> =>
  putDefinition(store, { name: content.name, version, content }, BY);

const remove = (store: RedisStore, name: string, version?: number): Promise<void> =>
  deleteDefinition(store, name, version, Date.now());

async function codeOf(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  return isFleetError(error) ? error.code : String(error);
}

describe('a definition that is registered', () => {
  test('without a version becomes the next one; the same content again changes nothing', async () => {
    const store = await newStore();
    expect(await put(store, compact('w', 'ipa'))).toMatchObject({ created: true, version: 1 });
    expect(await put(store, compact('w', 'ipa'))).toMatchObject({ created: false, version: 1 });
    expect(await put(store, compact('w', 'nga'))).toMatchObject({ created: true, version: 2 });
    expect(await put(store, compact('w', 'ipa'), 1)).toMatchObject({ created: false, version: 1 });
    expect(await put(store, compact('w_x', 'ipa'))).toMatchObject({ created: true, version: 1 });
    expect(await store.redis.get(store.keys.definitionsRevision())).toBe('3');
  });

  test('with other content under a version that exists is refused, with both hashes', async () => {
    const store = await newStore();
    const first = await put(store, compact('w', 'ipa'), 7);
    const refused = put(store, compact('w', 'nga'), 7);
    await expect(refused).rejects.toMatchObject({
      code: 'version_exists',
      httpStatus: 409,
      details: { name: 'w', version: 7, existing_sha256: first.sha256 },
    });
  });

  test('by two instances at once exists once: one of them wins, the other is told', async () => {
    const one = await newStore();
    const two = await newStore(one.keys.prefix);
    for (let round = 1; round <= 20; round++) {
      const contents = [compact('w', 'ipa'), compact('w', 'nga')].map((content) => ({ ...content, round }));
      const results = await Promise.allSettled([
        put(one, contents[0]!, round),
        put(two, contents[1]!, round),
      ]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    }
    const same = await Promise.all([put(one, compact('x', 'ipa')), put(two, compact('x', 'ipa'))]);
    expect(new Set(same.map(({ created }) => created))).toEqual(new Set([false, true]));
    const next = await Promise.all([put(one, compact('y', 'ipa')), put(two, compact('y', 'nga'))]);
    expect(new Set(next.map(({ version }) => version))).toEqual(new Set([1, 2]));
  });

  test('is known to every process that listens', async () => {
    const store = await newStore();
    const [a, b] = await Promise.all([newProcess(store), newProcess(store)]);
    await put(store, compact('w', 'ipa', 'nga'));
    await eventually(async () => {
      expect(a.registry.catalog.latest('w').version).toBe(1);
      expect(b.registry.catalog.find('w', 1)?.plan.kind).toBe('sequence');
    });
    await remove(store, 'w', undefined);
    await eventually(async () => {
      expect([...a.registry.catalog.names(), ...b.registry.catalog.names()]).toEqual([]);
    });
  });

  test('and whose announcement nobody heard is found by the next look', async () => {
    const store = await newStore();
    const other = await newProcess(store, { pollMs: 20 });
    const envelope = JSON.stringify({ ...BY, content: compact('w', 'ipa') });
    await store.redis.hset(store.keys.definitions(), 'w@1', `${'0'.repeat(64)}${envelope}`);
    await store.redis.incr(store.keys.definitionsRevision());
    await eventually(async () => expect(other.registry.catalog.names()).toEqual(['w']));
    other.registry.stop();
  });

  test('is looked up when it is asked for, without waiting for the next look', async () => {
    const store = await newStore();
    const other = await newProcess(store);
    await other.subscriber.unsubscribe();
    await put(store, compact('w', 'ipa'));
    expect(other.registry.catalog.find('w', 1)).toBeUndefined();
    await eventually(async () => expect(other.registry.catalog.names()).toEqual(['w']));
  });

  test('that this release cannot compile is unknown, said once, and the others stay', async () => {
    const store = await newStore();
    await put(store, compact('good', 'ipa'));
    await put(store, compact('odd', 'poet'));
    const lines: string[] = [];
    const { registry } = await newProcess(store, { lines });
    await put(store, compact('more', 'ipa'));
    await registry.refresh();
    expect(registry.catalog.names()).toEqual(['good', 'more']);
    expect(lines.filter((line) => line.includes('unknown here'))).toHaveLength(1);
  });

  test('stays known while Redis is away, which is worth one line', async () => {
    const store = await newStore();
    await put(store, compact('w', 'ipa'));
    const lines: string[] = [];
    const { registry, connection } = await newProcess(store, { lines });
    connection.disconnect();
    for (let look = 0; look < 5; look++) await registry.refreshQuietly();
    expect(registry.catalog.names()).toEqual(['w']);
    expect(lines.filter((line) => line.includes('could not be read'))).toHaveLength(1);
    await expect(registry.refresh()).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  test('costs one GET to look at while nothing changes', async () => {
    const store = await newStore();
    const { registry, connection } = await newProcess(store);
    const calls: string[] = [];
    const send = connection.sendCommand.bind(connection);
    connection.sendCommand = (command, stream) => {
      calls.push(command.name);
      return send(command, stream);
    };
    await registry.refresh();
    expect(calls).toEqual(['get']);
  });
});

describe('a definition that is deleted', () => {
  const admission = {
    maxOpenRuns: 100,
    maxPending: 8,
    onBusy: 'queue' as const,
    nextCheckAtMs: 0,
    retentionSeconds: 60,
  };
  const start = (store: RedisStore, runId: string, version: number) =>
    admitRun(
      store,
      {
        run_id: runId,
        workflow: 'w',
        version,
        priority: 'normal',
        input: {},
        correlation_id: runId,
        timeout_ms: 1000,
      },
      { ...admission, nowMs: Date.now(), isStored: true },
    );

  test('keeps its version from other content, and comes back with its own', async () => {
    const store = await newStore();
    await put(store, compact('w', 'ipa'));
    await remove(store, 'w', 1);
    expect(await codeOf(remove(store, 'w', 1))).toBe('workflow_not_found');
    expect(await codeOf(put(store, compact('w', 'nga'), 1))).toBe('version_exists');
    expect(await put(store, compact('w', 'ipa'), 1)).toMatchObject({ created: true, version: 1 });
    await remove(store, 'w', undefined);
    expect(await put(store, compact('w', 'nga'))).toMatchObject({ created: true, version: 2 });
  });

  test('has no open runs: while one is open it stays, all its versions', async () => {
    const store = await newStore();
    await put(store, compact('w', 'ipa'));
    await put(store, compact('w', 'nga'));
    await start(store, 'wf_1', 1);
    const refused = remove(store, 'w', undefined);
    await expect(refused).rejects.toMatchObject({
      code: 'definition_in_use',
      httpStatus: 409,
      details: { name: 'w', version: 1, run_id: 'wf_1' },
    });
    expect(await codeOf(remove(store, 'w', 1))).toBe('definition_in_use');
    await remove(store, 'w', 2);
    await settleRun(store, {
      runId: 'wf_1',
      sessionId: undefined,
      worldId: undefined,
      status: 'completed',
      retentionSeconds: 60,
      interruptWorkers: false,
      nowMs: Date.now(),
    });
    await remove(store, 'w', undefined);
    expect(await codeOf(start(store, 'wf_2', 1))).toBe('workflow_not_found');
  });

  test('admits no run while it is being deleted, and its mark lapses when its process dies', async () => {
    const store = await newStore();
    await put(store, compact('w', 'ipa'));
    const markFor = (ms: number) => store.redis.hset(store.keys.definitions(), 'w@1!', Date.now() + ms);
    await markFor(60_000);
    expect(await codeOf(start(store, 'wf_1', 1))).toBe('workflow_not_found');
    expect(await codeOf(remove(store, 'w'))).toBe('definition_in_use');
    await markFor(-1);
    await start(store, 'wf_1', 1);
    const { registry } = await newProcess(store);
    expect(registry.catalog.versions('w')).toHaveLength(1);
    expect(await put(store, compact('w', 'nga'))).toMatchObject({ version: 2 });
  });

  test('looks again for a run that was admitted before the mark, and takes the mark away', async () => {
    const store = await newStore();
    await put(store, compact('w', 'ipa'));
    const other = await newStore(store.keys.prefix);
    const evalsha = other.redis.evalsha.bind(other.redis);
    // The first look is over when the mark is about to be set.
    other.redis.evalsha = (async (...args: Parameters<typeof evalsha>) => {
      other.redis.evalsha = evalsha;
      await start(store, 'wf_1', 1);
      return evalsha(...args);
    }) as typeof evalsha;
    await expect(remove(other, 'w')).rejects.toMatchObject({ details: { run_id: 'wf_1' } });
    await start(store, 'wf_2', 1);
  });

  test('among thousands of open runs finds the one', async () => {
    const store = await newStore();
    await put(store, compact('w', 'ipa'));
    const pipeline = store.redis.pipeline();
    for (let i = 0; i < 2500; i++) {
      pipeline.zadd(store.keys.deadlines(), i, `wf_${i}`);
      pipeline.hset(store.keys.run(`wf_${i}`), { workflow: i === 1700 ? 'w' : 'x', version: '1' });
    }
    await pipeline.exec();
    await expect(remove(store, 'w', 1)).rejects.toMatchObject({ details: { run_id: 'wf_1700' } });
    await store.redis.zrem(store.keys.deadlines(), 'wf_1700');
    await remove(store, 'w', 1);
  });

  test('in the moment a run of it starts either stays, or the run is not admitted', async () => {
    const store = await newStore();
    const other = await newStore(store.keys.prefix);
    const outcomes = new Set<string>();
    for (let round = 1; round <= 50; round++) {
      const { version } = await put(store, { ...compact('w', 'ipa'), round } as { name: string });
      const [started, deleted] = await Promise.allSettled([
        start(store, `wf_${round}`, version),
        remove(other, 'w', version),
      ]);
      outcomes.add(`${started.status} ${deleted.status}`);
    }
    expect(outcomes.size).toBeGreaterThan(0);
    for (const outcome of outcomes) expect(['fulfilled rejected', 'rejected fulfilled']).toContain(outcome);
  });
});

describe('a definition in code', () => {
  const named = (name: string) =>
    step({ name, queue: 'ipa', input: z.number(), output: z.number(), run: async (n) => n });
  const coded = (version: number, ...steps: string[]): WorkflowDefinition => ({
    name: 'coded',
    version,
    input: z.number(),
    timeoutMs: 1000,
    needsIntent: false,
    plan: pipe(named('first'), ...(steps.map(named) as [])).plan,
  });
  const open = (definitions: readonly WorkflowDefinition[], core: Core, more: object = {}) => {
    const { config, redisUrl, log, metrics } = core;
    return openCore({ config, redisUrl, log, metrics, onOutage: 'fail_fast', definitions, ...more });
  };

  test('whose plan changed under its version does not start, and names both hashes [R8.5]', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    await (await open([coded(1)], h.core)).close();
    await (await open([coded(1)], h.core)).close();
    const error = (await open([coded(1, 'second')], h.core).catch((thrown: unknown) => thrown)) as FleetError;
    expect(error).toMatchObject({ code: 'version_exists', details: { name: 'coded', version: 1 } });
    const { hash, existing_hash: known } = error.details as Record<string, string>;
    expect(error.message).toContain('coded@1');
    expect(error.message).toContain('raise the version');
    for (const each of [hash, known]) {
      expect(each).toMatch(/^[0-9a-f]{64}$/);
      expect(error.message).toContain(each);
    }
    // Nothing was learnt from the release that did not start.
    await (await open([coded(1)], h.core)).close();
    await (await open([coded(1), coded(2, 'second')], h.core)).close();
  });

  test('may be changed where the configuration accepts it, and is looked at only by a passer-by', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    await (await open([coded(1)], h.core)).close();
    await (await open([coded(1, 'second')], h.core, { pins: 'look' })).close();
    expect(h.logLines.join()).toContain('knows a workflow differently');
    await (await open([coded(1)], h.core)).close();
    const workflow = { ...h.config.workflow, accept_changed_plans: true };
    await (await open([coded(1, 'second')], h.core, { config: { ...h.config, workflow } })).close();
    await expect(open([coded(1)], h.core)).rejects.toMatchObject({ code: 'version_exists' });
  });

  test('is not held to the time limits of its steps, which are configured', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const config = quickConfig(redis.url, {
      'agents.input_processor.timeout': '3',
      'redis.key_prefix': h.config.redis.key_prefix,
    });
    const { redisUrl, log, metrics } = h.core;
    const again = await openCore({ config, redisUrl, log, metrics, onOutage: 'fail_fast' });
    expect(again.workflows.catalog.names()).toContain('collaborative');
    await again.close();
  });

  test('does not take the version of a registered one', async () => {
    const store = await newStore();
    await put(store, compact('coded', 'ipa'));
    expect(await codeOf(pinDefinitions(store, [coded(1)], 'hold'))).toBe('version_exists');
    await pinDefinitions(store, [coded(2)], 'hold');
    expect(await codeOf(put(store, compact('coded', 'nga')))).toBe('reserved_name');
  });

  test('and one that was registered are both listed, and only the latter can be deleted', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const { operations } = h;
    await operations.putDefinition(compact('mine', 'ipa'), LOCAL_OPERATOR);
    const listed = await operations.listDefinitions();
    expect(listed.find(({ name }) => name === 'mine')?.versions).toEqual([{ version: 1, source: 'stored' }]);
    expect(listed.find(({ name }) => name === 'collaborative')).toEqual({
      name: 'collaborative',
      latest: 1,
      versions: [{ version: 1, source: 'code' }],
    });
    const names = listed.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(await codeOf(operations.putDefinition(compact('collaborative', 'ipa'), LOCAL_OPERATOR))).toBe(
      'reserved_name',
    );
    expect(await codeOf(operations.deleteDefinition('collaborative', undefined, LOCAL_OPERATOR))).toBe(
      'reserved_name',
    );
    await operations.deleteDefinition('mine', 1, LOCAL_OPERATOR);
    expect(await codeOf(operations.getDefinition('mine'))).toBe('workflow_not_found');
  });
});
