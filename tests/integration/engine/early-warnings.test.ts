import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { pipe, step, waitFor } from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import { noteEarlyWarning } from '../../../src/primitives/durable/early-warning.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import {
  agentsWith,
  eventually,
  quickCatalog,
  startHarness,
  untilAbort,
  type Harness,
} from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

/** Without the watchdog's own schedule. */
const WORKERS = ['ipa', 'wba', 'nga', 'flow'] as const;

function look(h: Harness, afterMs: number) {
  return runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + afterMs } });
}

/** A step that takes as long as it may. */
function slow(timeoutMs: number, attempts = 1): Primitive<unknown, unknown> {
  return step({
    name: 'slow',
    queue: 'ipa',
    input: z.unknown(),
    output: z.unknown(),
    run: (_input, { signal }) => untilAbort(signal),
  })
    .timeout(timeoutMs)
    .retry({ maxAttempts: attempts, baseDelayMs: 10 });
}

async function warningsOf(h: Harness, runId: string): Promise<unknown[]> {
  return (await h.eventsOf(runId)).filter(({ type }) => type === 'run.early_warning').map(({ data }) => data);
}

async function counted(h: Harness, scope: string): Promise<string | undefined> {
  const { body } = await h.metrics.render();
  return new RegExp(`workflow_early_warnings_total\\{[^}]*scope="${scope}"[^}]*\\} (\\d+)`).exec(body)?.[1];
}

test('[W4] a run that may take 1 s with a step of 5 s ends timed_out within 3 s, after one early warning, world unchanged', async () => {
  const agents = agentsWith({ wba: (_input, { signal }) => untilAbort(signal) });
  const catalog = quickCatalog({
    runTimeoutMs: 1_000,
    stepTimeoutMs: { ipa: 5_000, wba: 5_000, nga: 5_000 },
  });
  await using h = await startHarness({ redisUrl: redis.url, agents, catalog });
  const sessionId = await h.newSession();
  const runId = await h.submit(sessionId, 'go north');
  const run = await h.ended(runId);
  expect(run).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
  expect(Date.parse(run.ended_at!) - Date.parse(run.created_at)).toBeLessThan(3_000);
  expect(await warningsOf(h, runId)).toEqual([{ scope: 'run', elapsed_ms: 750, limit_ms: 1_000 }]);
  expect(await counted(h, 'run')).toBe('1');
  expect(await h.worldOf(sessionId)).toBeNull();
  const { history } = await h.operations.rollbackHistory(runId, LOCAL_OPERATOR);
  expect(history).toMatchObject([{ kind: 'early_warning', scope: 'run', limit_ms: 1_000 }]);
});

test('a step that takes most of its time is told once, however often it is tried', async () => {
  await using h = await startHarness({
    redisUrl: redis.url,
    catalog: planCatalog({ p: slow(200, 2) }),
    workers: WORKERS,
  });
  const runId = await startPlan(h, 'p', 1);
  expect(await h.ended(runId)).toMatchObject({
    status: 'failed',
    error: { code: 'step_timeout', attempts: 2 },
  });
  const warnings = (await h.eventsOf(runId)).filter(({ type }) => type === 'run.early_warning');
  expect(warnings).toMatchObject([
    { step: 'slow', agent: 'ipa', data: { scope: 'step', step: 'slow', elapsed_ms: 150, limit_ms: 200 } },
  ]);
  expect(await counted(h, 'step')).toBe('1');
  // What was resumed has its time anew.
  await h.operations.resumeRun(runId, LOCAL_OPERATOR);
  await h.ended(runId);
  expect(await warningsOf(h, runId)).toHaveLength(2);
});

test('a run that ends in time warns of nothing', async () => {
  await using h = await startHarness({ redisUrl: redis.url });
  const sessionId = await h.newSession();
  await h.play(sessionId, 'go north');
  const { items } = await h.operations.listRuns({ limit: 1 }, LOCAL_OPERATOR);
  expect(await warningsOf(h, items[0]!.run_id)).toEqual([]);
});

test('a run that nobody works on is told by the watchdog, once, also by several', async () => {
  await using h = await startHarness({
    redisUrl: redis.url,
    catalog: planCatalog({ p: slow(60_000) }, 20_000),
    workers: [],
  });
  const runId = await startPlan(h, 'p', 1);
  expect(await look(h, 6_000)).toEqual({ [runId]: 'healthy' });
  expect(await counted(h, 'run')).toBeUndefined();
  // Its next look was not put off beyond the moment of its warning.
  await Promise.all([look(h, 15_100), look(h, 15_100), look(h, 15_100)]);
  expect(await look(h, 26_000)).toEqual({ [runId]: 'deadline_passed' });
  expect(await warningsOf(h, runId)).toMatchObject([{ scope: 'run', limit_ms: 20_000 }]);
  expect(await counted(h, 'run')).toBe('1');
});

test('nobody warns of a run that has ended or must end', async () => {
  await using h = await startHarness({
    redisUrl: redis.url,
    catalog: planCatalog({ p: slow(60_000) }),
    workers: [],
  });
  const runId = await startPlan(h, 'p', 1);
  const warning = { runId, scope: 'run', step: '', agent: '', elapsedMs: 1, limitMs: 2 } as const;
  const at = { nowMs: Date.now(), keepSeconds: 60 };
  await h.core.store.redis.hset(h.core.store.keys.run(runId), 'ending', '{}');
  expect(await noteEarlyWarning(h.core.store, warning, at)).toBe(false);
  await h.core.store.redis.hdel(h.core.store.keys.run(runId), 'ending');
  await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
  expect(await noteEarlyWarning(h.core.store, warning, at)).toBe(false);
  expect(await noteEarlyWarning(h.core.store, { ...warning, runId: 'wf_unknown' }, at)).toBe(false);
});

test('a run that waits longer for a signal than it may take is looked at in time', async () => {
  const quick = step({
    name: 'quick',
    queue: 'ipa',
    input: z.unknown(),
    output: z.number(),
    run: async () => 1,
  });
  const plan = pipe(quick, waitFor('go', z.number(), { timeoutMs: 600_000 }));
  const catalog = planCatalog({ p: plan }, 20_000);
  await using h = await startHarness({ redisUrl: redis.url, catalog, workers: WORKERS });
  const runId = await startPlan(h, 'p', 1);
  const { store, queues } = h.core;
  await eventually(async () => expect(await queues.get('maintenance')!.getDelayedCount()).toBe(1));
  expect(Number(await store.redis.zscore(store.keys.deadlines(), runId))).toBeLessThan(Date.now() + 20_000);
  expect(await look(h, 26_000)).toEqual({ [runId]: 'deadline_passed' });
  expect(await h.ended(runId)).toMatchObject({ status: 'timed_out' });
});
