import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { QueueName } from '../../../queues/catalogue.ts';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { pipe, step, waitFor } from '../../../src/primitives/compose/combine.ts';
import type { AnyPrimitive, Primitive } from '../../../src/primitives/compose/primitive.ts';
import { exportQueueGauges } from '../../../src/runtime/queue-gauges.ts';
import { createCatalog } from '../../../src/workflows/catalog/catalog.ts';
import { ALARM_JOB } from '../../../src/workflows/compile.ts';
import { FIRST_CHECK_MS } from '../../../src/workflows/context.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { peopleOf } from '../../support/people-of.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Without the watchdog's own schedule: the tests call it when they want it. */
const WORKERS = ['ipa', 'wba', 'nga', 'flow'] as const;

const calls: string[] = [];

function num(
  name: string,
  options: { idempotent?: boolean; hangs?: boolean } = {},
): Primitive<number, number> {
  return step({
    name,
    queue: 'ipa',
    input: z.number(),
    output: z.number(),
    idempotent: options.idempotent ?? true,
    run: async (n, { signal }) => {
      calls.push(name);
      return options.hangs === true ? untilAbort(signal) : n + 1;
    },
  });
}

function harness(plan: AnyPrimitive, workers: readonly QueueName[] = []): Promise<Harness> {
  calls.length = 0;
  return startHarness({ redisUrl: redis.url, catalog: planCatalog({ p: plan }), workers });
}

/** One round of the watchdog as it will be `afterMs` from now. */
function look(h: Harness, afterMs = FIRST_CHECK_MS + 100) {
  return runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + afterMs } });
}

/** What an eviction or a hand in Redis does: the job is gone, and those who wait for it are not told. */
async function lose(
  h: Harness,
  id: string,
  queueName: 'ipa' | 'flow' | 'maintenance' = 'ipa',
): Promise<void> {
  const queue = h.core.queues.get(queueName)!;
  const { redis: client } = h.core.store;
  await client.del(queue.toKey(id), queue.toKey(`${id}:lock`));
  for (const set of ['prioritized', 'delayed']) await client.zrem(queue.toKey(set), id);
  for (const list of ['wait', 'active']) await client.lrem(queue.toKey(list), 0, id);
}

async function gauge(h: Harness): Promise<string | undefined> {
  exportQueueGauges(h.core, peopleOf(h.core));
  return /workflow_unexplained_runs\S* (\d+)/.exec((await h.metrics.render()).body)?.[1];
}

async function whyOf(h: Harness, runId: string): Promise<[string, string] | undefined> {
  const [first] = (await h.operations.whyRun(runId, LOCAL_OPERATOR)).reasons;
  return first && [first.kind, first.detail];
}

describe('a run whose run job is missing', () => {
  test('says when the watchdog drives it', async () => {
    await using h = await harness(num('a'));
    const runId = await startPlan(h, 'p', 1);
    await (await h.core.queues.get('flow')!.getJob(runId))!.remove();
    const { reasons } = await h.operations.whyRun(runId, LOCAL_OPERATOR);
    expect(reasons).toMatchObject([
      { kind: 'not_driven', subject: runId, detail: 'it has no run job' },
      { kind: 'no_worker', subject: 'maintenance' },
    ]);
    expect(Date.parse(reasons[0]?.until ?? '')).toBeGreaterThan(Date.now());
    expect(await look(h)).toEqual({ [runId]: 'jobs_missing' });
    expect(await gauge(h)).toBe('0');
  });

  test('is unexplained when the watchdog does not know it either', async () => {
    await using h = await harness(num('a'));
    const runId = await startPlan(h, 'p', 1);
    await (await h.core.queues.get('flow')!.getJob(runId))!.remove();
    await h.core.store.redis.zrem(h.core.store.keys.deadlines(), runId);
    expect(await whyOf(h, runId)).toEqual([
      'unexplained',
      'it has no run job, and the watchdog does not know the run',
    ]);
  });
});

describe('a run that stands still without a reason', () => {
  test.each([
    ['the first step of a chain', 'a'],
    ['a step in the middle of a chain', 'b'],
  ])('because %s is gone is counted and repaired', async (_title, lost) => {
    await using h = await harness(pipe(num('a'), num('b'), num('c')));
    const runId = await startPlan(h, 'p', 1);
    await lose(h, `${runId}.${lost}`);
    expect(await whyOf(h, runId)).toEqual([
      'unexplained',
      `job ${runId}.${lost} on queue "ipa" is gone and wakes nobody`,
    ]);
    expect(await look(h)).toEqual({ [runId]: 'unexplained' });
    expect(await gauge(h)).toBe('1');
    await h.startWorkers(WORKERS);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 4 });
    expect(calls).toEqual(['a', 'b', 'c']);
    await h.quiet();
  });

  test('because its pause is gone is repaired, and still waits for its signal', async () => {
    await using h = await harness(waitFor('go', z.number(), { timeoutMs: 25_000 }), [
      ...WORKERS,
      'maintenance',
    ]);
    const runId = await startPlan(h, 'p', 1);
    const delayed = await h.core.queues.get('maintenance')!.getDelayed();
    await lose(h, delayed.find(({ name }) => name === ALARM_JOB)!.id!, 'maintenance');
    expect((await whyOf(h, runId))?.[0]).toBe('unexplained');
    expect(await look(h)).toEqual({ [runId]: 'unexplained' });
    await h.operations.signalRun(runId, 'go', 3, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 3 });
  });

  test('because its run job is on no list is repaired', async () => {
    await using h = await harness(num('a'));
    const runId = await startPlan(h, 'p', 1);
    const flow = h.core.queues.get('flow')!;
    await h.core.store.redis.zrem(flow.toKey('waiting-children'), runId);
    expect(await whyOf(h, runId)).toEqual(['unexplained', 'its run job lies on no list of its queue']);
    expect(await look(h)).toEqual({ [runId]: 'unexplained' });
    await h.startWorkers(WORKERS);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 2 });
  });

  test('does not repeat a step that was begun and may not be', async () => {
    await using h = await harness(num('pay', { idempotent: false, hangs: true }), WORKERS);
    const runId = await startPlan(h, 'p', 1);
    await h.eventOf(runId, 'step.started');
    await lose(h, `${runId}.pay`);
    expect(await look(h)).toEqual({ [runId]: 'unexplained' });
    expect(await h.ended(runId)).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown' } });
    expect(calls).toEqual(['pay']);
  });

  test('is left alone while it moves, and while a step is active', async () => {
    await using h = await harness(num('slow', { hangs: true }), WORKERS);
    const runId = await startPlan(h, 'p', 1);
    await h.eventOf(runId, 'step.started');
    expect(await look(h)).toEqual({ [runId]: 'healthy' });
    expect(await gauge(h)).toBe('0');
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    await h.ended(runId);
  });

  test('because its plan breaks is failed after a few looks', async () => {
    const plan = num('a');
    const catalog = planCatalog({ p: plan }, 600_000);
    const definition = catalog.find('p', 1)!;
    let breaks = false;
    const breakable = {
      kind: 'sequence',
      get stages() {
        if (breaks) throw new Error('this plan is broken now');
        return [definition.plan];
      },
    } as const;
    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: createCatalog([{ ...definition, plan: breakable }]),
      workers: [],
    });
    const runId = await startPlan(h, 'p', 1);
    breaks = true;
    expect((await whyOf(h, runId))?.[1]).toContain('its plan cannot be continued');
    const findings: unknown[] = [];
    for (let round = 0; round < 8; round++) {
      // Each look is half a minute after the one before.
      findings.push(Object.values(await look(h, FIRST_CHECK_MS + 100 + round * 31_000))[0]);
    }
    expect(findings.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 'unexplained'));
    const run = await h.operations.getRun(runId, LOCAL_OPERATOR);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'run_unexplained' } });
    await h.quiet();
  });
});
