import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { saga, step } from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import { findUnwatched } from '../../../src/primitives/durable/unwatched-runs.ts';
import { settleRun } from '../../../src/primitives/durable/settle-run.ts';
import { consistencyRound } from '../../../src/workflows/consistency.ts';
import { FIRST_CHECK_MS } from '../../../src/workflows/context.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { broken, doing } from '../../support/effect-plans.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const WORKERS = ['ipa', 'wba', 'nga', 'flow'] as const;
const MINUTE = 60_000;

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

function harness(workers: Parameters<Harness['startWorkers']>[0] = []): Promise<Harness> {
  calls.length = 0;
  return startHarness({ redisUrl: redis.url, catalog: planCatalog({ p: num('a') }), workers });
}

function check(h: Harness, request: { run_id?: string; repair?: boolean } = {}) {
  return h.operations.checkRuns(request, LOCAL_OPERATOR);
}

/** As it will be `afterMs` from now. */
function later(h: Harness, afterMs: number) {
  return { ...h.core.workflows, clock: { now: () => Date.now() + afterMs } };
}

async function loseRunJob(h: Harness, runId: string): Promise<void> {
  await (await h.core.queues.get('flow')!.getJob(runId))!.remove();
}

async function loseCheck(h: Harness, runId: string): Promise<void> {
  const { redis: client, keys } = h.core.store;
  expect(await client.zrem(keys.deadlines(), runId)).toBe(1);
}

/** Everything the fleet has in Redis. */
async function everything(h: Harness): Promise<Map<string, string>> {
  const client = h.core.store.redis;
  const found = new Map<string, string>();
  const names = (await client.keys(`${h.config.redis.key_prefix}:*`)).toSorted();
  for (const name of names) found.set(name, (await client.dumpBuffer(name))?.toString('base64') ?? '');
  return found;
}

async function repairsOf(h: Harness, runId: string): Promise<unknown[]> {
  const { history } = await h.operations.rollbackHistory(runId, LOCAL_OPERATOR);
  return history.map((entry) => (entry.kind === 'repair' ? entry.finding : entry.kind));
}

describe('a consistency check', () => {
  test('[W4] reports a run whose job was deleted by hand, changing nothing, and finishes it with repair', async () => {
    await using h = await harness();
    const runId = await startPlan(h, 'p', 1);
    await loseRunJob(h, runId);
    const before = await everything(h);
    const finding = { run_id: runId, kind: 'jobs_missing', detail: 'it has no run job' };
    expect(await check(h, { run_id: runId })).toEqual({
      checked: 1,
      complete: true,
      findings: [finding],
      repaired: 0,
      errors: [],
    });
    expect(await everything(h)).toEqual(before);
    expect(await check(h, { run_id: runId, repair: true })).toMatchObject({
      findings: [finding],
      repaired: 1,
    });
    expect(await check(h, { run_id: runId })).toMatchObject({ checked: 1, findings: [] });
    await h.startWorkers(WORKERS);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 2 });
    expect(await repairsOf(h, runId)).toEqual(['jobs_missing']);
    expect((await h.metrics.render()).body).toMatch(
      /workflow_repairs_total\{[^}]*kind="jobs_missing"[^}]*\} 1/,
    );
  });

  test('of all runs leaves those alone that have just moved, and is asked for by several at once', async () => {
    await using h = await harness();
    const runIds = await Promise.all([1, 2, 3].map((n) => startPlan(h, 'p', n)));
    await Promise.all(runIds.map((runId) => loseRunJob(h, runId)));
    expect(await check(h)).toMatchObject({ checked: 3, complete: true, findings: [] });
    // Nothing of them has happened for a while.
    const { redis: client, keys } = h.core.store;
    for (const runId of runIds) {
      await client.del(keys.runEvents(runId));
      await client.hset(keys.run(runId), 'created_at', Date.now() - MINUTE);
    }
    const { findings } = await check(h);
    expect(new Map(findings.map(({ run_id, kind }) => [run_id, kind]))).toEqual(
      new Map(runIds.map((runId) => [runId, 'jobs_missing'])),
    );
    const watchdog = () => runWatchdog(later(h, FIRST_CHECK_MS + 100));
    await Promise.all([check(h, { repair: true }), watchdog(), check(h, { repair: true }), watchdog()]);
    await h.startWorkers(WORKERS);
    for (const [index, runId] of runIds.entries()) {
      expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: index + 2 });
    }
    expect(calls).toHaveLength(3);
    await h.quiet();
  });

  test('finds jobs of an ended run that wait for nothing, and removes them', async () => {
    await using h = await harness();
    const runId = await startPlan(h, 'p', 1);
    const ipa = h.core.queues.get('ipa')!;
    const client = h.core.store.redis;
    await client.del(ipa.toKey(`${runId}.a`));
    for (const list of ['wait', 'prioritized']) await client.del(ipa.toKey(list));
    await settleRun(h.core.store, {
      runId,
      sessionId: undefined,
      worldId: undefined,
      status: 'cancelled',
      retentionSeconds: 60,
      interruptWorkers: false,
      nowMs: Date.now(),
    });
    expect((await check(h)).findings).toMatchObject([{ run_id: runId, kind: 'jobs_left' }]);
    expect(await consistencyRound(later(h, MINUTE))).toBe(1);
    expect(await h.core.queues.get('flow')!.getJob(runId)).toBeUndefined();
    expect(await repairsOf(h, runId)).toEqual(['jobs_left']);
    expect((await check(h)).findings).toEqual([]);
  });

  test('refuses an unknown run and what it does not understand', async () => {
    await using h = await harness();
    await expect(check(h, { run_id: 'wf_nobody' })).rejects.toMatchObject({ code: 'run_not_found' });
    await expect(check(h, { repairs: true } as never)).rejects.toMatchObject({ kind: 'invalid_input' });
  });

  test('names a run that cannot be read, and goes on with the others', async () => {
    await using h = await harness();
    const [sick, sound] = [await startPlan(h, 'p', 1), await startPlan(h, 'p', 2)];
    await h.core.store.redis.hset(h.core.store.keys.run(sick), 'created_at', 'yesterday');
    const report = await check(h, { repair: true });
    expect(report).toMatchObject({ checked: 2, findings: [], errors: [{ run_id: sick }] });
    await loseCheck(h, sound);
    expect((await check(h)).findings).toMatchObject([{ run_id: sound, kind: 'not_watched' }]);
  });
});

describe('an open run that the watchdog does not know', () => {
  test.each([
    ['with its job', false],
    ['without a job', true],
  ])('%s is found by the round of a worker that starts, and completes', async (_title, withoutJob) => {
    await using h = await harness();
    const runId = await startPlan(h, 'p', 1);
    await loseCheck(h, runId);
    if (withoutJob) await loseRunJob(h, runId);
    await h.startWorkers(['flow', 'maintenance']);
    await expect.poll(() => repairsOf(h, runId), { timeout: 15_000 }).toContain('not_watched');
    await h.startWorkers(['ipa']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 2 });
  });

  test('is repaired on demand', async () => {
    await using h = await harness();
    const runId = await startPlan(h, 'p', 1);
    await loseCheck(h, runId);
    await loseRunJob(h, runId);
    expect(await check(h)).toMatchObject({ findings: [{ run_id: runId, kind: 'not_watched' }] });
    expect(await check(h, { repair: true })).toMatchObject({ repaired: 1 });
    expect(await repairsOf(h, runId)).toEqual(['jobs_missing', 'not_watched']);
    expect(await check(h, { run_id: runId })).toMatchObject({ findings: [] });
  });

  test('is found behind many that have ended, over several rounds, each at most once a minute', async () => {
    await using h = await harness();
    const runId = await startPlan(h, 'p', 1);
    await loseCheck(h, runId);
    const { store } = h.core;
    const newer = Array.from({ length: 1200 }, (_, i) => [Date.now() + i, `wf_gone_${i}`]).flat();
    await store.redis.zadd(store.keys.runIndex(), ...newer);
    const walk = { batches: 1, repair: true, keepsPlace: true, nowMs: Date.now() };
    const first = await findUnwatched(store, { ...walk, after: '' });
    const second = await findUnwatched(store, { ...walk, after: first.after });
    expect([first.after, second.after, ...first.runIds]).toEqual(['wf_gone_700', 'wf_gone_200']);
    // Whoever has the next round goes on from there.
    const rounds = await Promise.all([0, 1, 2].map(() => consistencyRound(h.core.workflows)));
    expect(rounds.filter((repaired) => repaired !== null)).toEqual([1]);
    expect(await store.redis.zscore(store.keys.deadlines(), runId)).not.toBeNull();
    expect(await consistencyRound(later(h, MINUTE - 5_000))).toBeNull();
    expect(await consistencyRound(later(h, MINUTE + 1_000))).toBe(0);
  });
});

describe('a run of which a saga has undone something', () => {
  const undo = step({
    name: 'undo',
    queue: 'ipa',
    input: z.unknown(),
    output: z.number(),
    run: async () => 0,
  });
  const order = saga<number>('order').step(num('pay'), { compensate: undo }).step(broken).build();
  const breaks = step({
    name: 'later',
    queue: 'ipa',
    input: z.unknown(),
    output: z.unknown(),
    run: () => Promise.reject(Object.assign(new Error('it broke'), { retryable: false })),
  });

  test.each([
    ['and failed because of it', order],
    ['which was caught', order.fallback(num('instead'))],
  ])('%s is not resumed, and says so', async (_title, plan) => {
    const catalog = planCatalog({ p: plan.pipe(breaks) });
    await using h = await startHarness({ redisUrl: redis.url, catalog, workers: WORKERS });
    const runId = await startPlan(h, 'p', 1);
    expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
    await expect(h.operations.resumeRun(runId, LOCAL_OPERATOR)).rejects.toMatchObject({
      code: 'run_rolled_back',
      kind: 'conflict',
    });
    const { reasons } = await h.operations.whyRun(runId, LOCAL_OPERATOR);
    expect(reasons).toMatchObject([{ kind: 'ended', what_changes_it: 'nothing' }]);
    expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
      status: 'failed',
      generation: 0,
    });
  });

  test('is told from one whose saga had nothing to undo', async () => {
    const plan = saga<number>('order')
      .step(broken)
      .step(
        doing('pay', () => undefined),
        { compensate: undo },
      )
      .build();
    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: planCatalog({ p: plan }),
      workers: WORKERS,
    });
    const runId = await startPlan(h, 'p', 1);
    await h.ended(runId);
    await h.operations.resumeRun(runId, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'failed', generation: 1 });
  });
});
