import { UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { saga, step } from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import { noteCoordinatorLoss } from '../../../src/primitives/durable/coordinator-losses.ts';
import { recordDecisions } from '../../../src/primitives/durable/record-decisions.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { broken, doing, effectCatalog } from '../../support/effect-plans.ts';
import { eventually, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const STEPS = ['ipa', 'wba', 'nga'] as const;
const calls: string[] = [];

function num(name: string): Primitive<number, number> {
  return step({
    name,
    queue: 'ipa',
    input: z.number(),
    output: z.number(),
    run: async (n) => (calls.push(name), n + 1),
  });
}

const undo = step({
  name: 'undo',
  queue: 'wba',
  input: z.unknown(),
  output: z.number(),
  run: async () => (calls.push('undo'), 0),
});

/** A worker on which every run job fails, as one whose code breaks on it. */
function breaking(h: Harness): AsyncDisposable & { ready(): Promise<unknown> } {
  const { hostname: host, port } = new URL(redis.url);
  const worker = new Worker(
    'flow',
    () => {
      throw new UnrecoverableError('this worker is broken');
    },
    { connection: { host, port: Number(port) }, prefix: h.config.redis.bullmq_prefix },
  );
  worker.on('error', () => undefined);
  return { ready: () => worker.waitUntilReady(), [Symbol.asyncDispose]: () => worker.close() };
}

/** Looks again and again, each time half a minute later, after the run job has failed once more. */
async function lookUntil(h: Harness, runId: string, wanted: string, from = 0): Promise<number> {
  for (let round = from; round < from + 12; round++) {
    const flow = h.core.queues.get('flow')!;
    await eventually(async () => expect(await (await flow.getJob(runId))?.getState()).toBe('failed'));
    const clock = { now: () => Date.now() + 5_100 + round * 31_000 };
    const { [runId]: finding } = await runWatchdog({ ...h.core.workflows, clock });
    if (finding === wanted) return round - from;
    expect(finding).toBe('not_retried');
  }
  throw new Error(`never ${wanted}`);
}

describe('a run whose run job fails again and again', () => {
  test('[W4] must end, and ends failed with coordinator_lost when that fails too; it says what was not undone', async () => {
    calls.length = 0;
    const plan = saga<number>('order').step(num('pay'), { compensate: undo }).step(broken).build();
    const catalog = planCatalog({ p: plan }, 3_600_000);
    await using h = await startHarness({ redisUrl: redis.url, catalog, workers: STEPS });
    {
      await using worker = breaking(h);
      await worker.ready();
      const runId = await startPlan(h, 'p', 1);
      expect(await lookUntil(h, runId, 'coordinator_lost')).toBe(5);
      expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'running' });
      expect(await lookUntil(h, runId, 'coordinator_lost', 20)).toBe(5);
      const run = await h.ended(runId);
      expect(run).toMatchObject({ status: 'failed', error: { code: 'coordinator_lost' } });
      expect(run.error!.message).toMatch(
        /^the job that .* lost 6 times .*; not undone: order\.pay~undo\.undo$/,
      );
      const { history } = await h.operations.rollbackHistory(runId, LOCAL_OPERATOR);
      const phase = ['coordinator_lost', ...Array.from({ length: 5 }, () => 'not_retried')];
      expect(history.map((entry) => entry.kind === 'repair' && entry.finding)).toEqual([...phase, ...phase]);
    }
    expect(calls).toEqual(['pay']);
    await h.quiet();
  });

  test('undoes what it did when a worker that works comes after all', async () => {
    calls.length = 0;
    const plan = saga<number>('order').step(num('pay'), { compensate: undo }).step(broken).build();
    const catalog = planCatalog({ p: plan }, 3_600_000);
    await using h = await startHarness({ redisUrl: redis.url, catalog, workers: STEPS });
    let runId: string;
    {
      await using worker = breaking(h);
      await worker.ready();
      runId = await startPlan(h, 'p', 1);
      await lookUntil(h, runId, 'coordinator_lost');
    }
    await h.startWorkers(['flow', 'maintenance']);
    const flow = h.core.queues.get('flow')!;
    if ((await (await flow.getJob(runId))?.getState()) === 'failed') {
      await runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + 3_000_000 } });
    }
    expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
    expect(calls).toEqual(['pay', 'undo']);
    await h.quiet();
  });

  test('has its effects undone before it ends', async () => {
    const catalog = effectCatalog({
      p: { steps: [doing('keep', ({ effects }) => effects.setKey('kept', 'x'))], timeoutMs: 3_600_000 },
    });
    await using h = await startHarness({ redisUrl: redis.url, catalog, workers: STEPS });
    await using worker = breaking(h);
    await worker.ready();
    const runId = await startPlan(h, 'p', 1);
    await lookUntil(h, runId, 'coordinator_lost');
    if ((await h.operations.getRun(runId, LOCAL_OPERATOR)).ended_at === null)
      await lookUntil(h, runId, 'coordinator_lost', 20);
    expect(await h.ended(runId)).toMatchObject({
      status: 'rolled_back',
      error: { code: 'coordinator_lost' },
    });
    expect(await h.core.store.redis.get(h.core.store.keys.own('kept'))).toBeNull();
  });

  test('is counted anew when something was recorded of it, when it must end, and when it was resumed', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: planCatalog({ p: num('a') }),
      workers: [],
    });
    const runId = await startPlan(h, 'p', 1);
    const { store } = h.core;
    const lose = () => noteCoordinatorLoss(store, runId);
    expect([await lose(), await lose(), await lose()]).toEqual([1, 2, 3]);
    await recordDecisions(store, { runId, decide: [{ key: 'x', value: 1 }], abandon: [], nowMs: 1 });
    expect([await lose(), await lose()]).toEqual([1, 2]);
    // Who rolls it back needs no run job for that.
    await store.redis.set(store.keys.runRollback(runId), 'x');
    expect(await lose()).toBe(0);
    await store.redis.del(store.keys.runRollback(runId));
    await store.redis.hset(store.keys.runEffects(runId), 'u:1', '1');
    expect([await lose(), await lose()]).toEqual([1, 2]);
    await store.redis.hset(store.keys.run(runId), 'ending', '{}');
    expect([await lose(), await lose()]).toEqual([1, 2]);
    await store.redis.hincrby(store.keys.run(runId), 'resumes', 1);
    expect(await lose()).toBe(1);
    await store.redis.hset(store.keys.run(runId), 'status', 'failed');
    expect(await lose()).toBe(0);
  });
});
