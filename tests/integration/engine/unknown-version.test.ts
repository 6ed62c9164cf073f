import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { newRunId } from '../../../src/kernel/ids.ts';
import { admitRun } from '../../../src/primitives/durable/admit-run.ts';
import { countOpenRuns } from '../../../src/primitives/durable/open-runs.ts';
import { pipe, step } from '../../../src/primitives/compose/combine.ts';
import { startWorkerRole, type WorkerRole } from '../../../src/runtime/worker-role.ts';
import { cancelRun } from '../../../src/workflows/cancel.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { eventually, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const MINUTE_MS = 60_000;
const num = (name: string, work: (n: number) => number) =>
  step({ name, queue: 'ipa', input: z.number(), output: z.number(), run: async (n) => work(n) });
const plan = pipe(
  num('first', (n) => n + 1),
  num('second', (n) => n * 2),
);

/** A clock that a test may put forward. */
function movableClock() {
  const clock = { aheadMs: 0, now: () => Date.now() + clock.aheadMs };
  return clock;
}

/** Workers of a release that knows other workflows only. */
function oldWorkers(
  h: Harness,
  clock: { now(): number },
  queues: readonly ('ipa' | 'flow' | 'maintenance')[],
): Promise<WorkerRole> {
  const { config, redisUrl, log, metrics } = h.core;
  const catalog = planCatalog({ other: plan });
  return startWorkerRole({ config, redisUrl, log, metrics, clock, catalog, queues, instance: 'old' });
}

async function unknownSince(h: Harness, runId: string): Promise<number> {
  return Number((await h.core.store.redis.hget(h.core.store.keys.run(runId), 'unknown_since')) ?? 0);
}

/** Waits until a job was put back for want of its version, and takes it out of its pause. */
async function putBack(h: Harness, queue: 'ipa' | 'flow'): Promise<void> {
  await eventually(async () => {
    const [job] = await h.core.queues.get(queue)!.getDelayed();
    expect(job?.progress).toMatchObject({ waiting_for: 'workflow_version_unavailable' });
  });
}

async function promoteAll(h: Harness): Promise<void> {
  for (const queue of ['ipa', 'flow'] as const) {
    for (const job of await h.core.queues.get(queue)!.getDelayed())
      await job.promote().catch(() => undefined);
  }
}

describe('a run whose version no worker knows', () => {
  test('fails with workflow_version_unavailable after ten minutes, without having spent an attempt [R8.5]', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      catalog: planCatalog({ p: plan }, 60 * MINUTE_MS),
    });
    const runId = await startPlan(h, 'p', 1);
    const clock = movableClock();
    const old = await oldWorkers(h, clock, ['ipa', 'flow']);
    try {
      await putBack(h, 'ipa');
      const [job] = await h.core.queues.get('ipa')!.getDelayed();
      expect(job?.attemptsMade).toBe(0);
      clock.aheadMs = 9 * MINUTE_MS;
      await promoteAll(h);
      expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({ status: 'pending' });
      clock.aheadMs = 11 * MINUTE_MS;
      await eventually(async () => {
        await promoteAll(h);
        expect(await h.operations.getRun(runId, LOCAL_OPERATOR)).toMatchObject({
          status: 'failed',
          error: { code: 'workflow_version_unavailable' },
        });
      });
      expect(await countOpenRuns(h.core.store)).toBe(0);
      const { body } = await h.metrics.render();
      expect(body).toMatch(/workflow_version_unavailable_total\{workflow="p"\} [1-9]/);
    } finally {
      await old.stop();
    }
  });

  test('goes on when a worker that knows it comes in time, and its time begins anew', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      catalog: planCatalog({ p: plan }),
    });
    const runId = await startPlan(h, 'p', 1);
    const old = await oldWorkers(h, movableClock(), ['ipa', 'flow']);
    await putBack(h, 'ipa');
    await old.stop();
    const since = await unknownSince(h, runId);
    await h.startWorkers(['ipa']);
    await promoteAll(h);
    await h.eventOf(runId, 'step.completed', 'second');
    // The steps are done, but whoever must end the run does not know it.
    const again = await oldWorkers(h, movableClock(), ['flow']);
    await putBack(h, 'flow');
    await again.stop();
    expect(await unknownSince(h, runId)).toBeGreaterThan(since);
    await h.startWorkers(['flow']);
    await promoteAll(h);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 4 });
  });

  test('ends timed_out at its deadline when that is earlier', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      catalog: planCatalog({ p: plan }),
    });
    const runId = await startPlan(h, 'p', 1, { timeout_s: 1 });
    const old = await oldWorkers(h, movableClock(), ['ipa', 'flow']);
    try {
      await putBack(h, 'ipa');
      const late = { now: () => Date.now() + 10_000 };
      expect(await runWatchdog({ ...old.core.workflows, clock: late })).toEqual({
        [runId]: 'version_unknown',
      });
      const run = await h.operations.getRun(runId, LOCAL_OPERATOR);
      expect(run).toMatchObject({ status: 'timed_out', error: { code: 'deadline_exceeded' } });
      await promoteAll(h);
      await h.quiet();
    } finally {
      await old.stop();
    }
  });

  test('and that has done something waits a minute for somebody who can undo it', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['ipa'],
      catalog: planCatalog({ p: plan }),
    });
    const runId = await startPlan(h, 'p', 1, { timeout_s: 1 });
    await h.eventOf(runId, 'step.completed', 'second');
    const clock = movableClock();
    const old = await oldWorkers(h, clock, []);
    try {
      const look = () => runWatchdog(old.core.workflows);
      clock.aheadMs = 10_000;
      expect(await look()).toEqual({ [runId]: 'deadline_passed' });
      expect((await h.operations.getRun(runId, LOCAL_OPERATOR)).status).toBe('running');
      clock.aheadMs = 50_000;
      expect(await look()).toEqual({ [runId]: 'healthy' });
      clock.aheadMs = 100_000;
      expect(await look()).toEqual({ [runId]: 'version_unknown' });
      const { status, error } = await h.operations.getRun(runId, LOCAL_OPERATOR);
      expect(status).toBe('timed_out');
      expect(error?.message).toContain('was not undone');
    } finally {
      await old.stop();
    }
  });

  test('ends also when it never came to its queues', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      catalog: planCatalog({ other: plan }),
    });
    const runId = newRunId(Date.now());
    await admitRun(
      h.core.store,
      {
        run_id: runId,
        workflow: 'p',
        version: 1,
        priority: 'normal',
        input: 1,
        correlation_id: runId,
        timeout_ms: 60 * MINUTE_MS,
      },
      {
        nowMs: Date.now(),
        maxOpenRuns: 100,
        maxPending: 8,
        onBusy: 'queue',
        nextCheckAtMs: Date.now() - 1,
        retentionSeconds: 60,
      },
    );
    const lookAt = (aheadMs: number) =>
      runWatchdog({ ...h.core.workflows, clock: { now: () => Date.now() + aheadMs } });
    expect(await lookAt(0)).toEqual({ [runId]: 'healthy' });
    expect(await lookAt(9 * MINUTE_MS)).toEqual({ [runId]: 'healthy' });
    expect(await lookAt(11 * MINUTE_MS)).toEqual({ [runId]: 'version_unknown' });
    expect(await h.ended(runId)).toMatchObject({
      status: 'failed',
      error: { code: 'workflow_version_unavailable' },
    });
  });

  test('that merely stands in a long queue is not judged by a watchdog that does not know it', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      catalog: planCatalog({ p: plan }, 60 * MINUTE_MS),
    });
    const runId = await startPlan(h, 'p', 1);
    const clock = movableClock();
    const old = await oldWorkers(h, clock, []);
    try {
      for (const minutes of [1, 12, 25]) {
        clock.aheadMs = minutes * MINUTE_MS;
        expect(await runWatchdog(old.core.workflows)).toEqual({ [runId]: 'healthy' });
      }
    } finally {
      await old.stop();
    }
    await h.startWorkers(['ipa', 'flow']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 4 });
  });

  test('and that somebody cancels ends at once', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: [],
      catalog: planCatalog({ p: plan }),
    });
    const runId = await startPlan(h, 'p', 1);
    const old = await oldWorkers(h, movableClock(), []);
    try {
      await cancelRun(old.core.workflows, runId, 'not any more');
    } finally {
      await old.stop();
    }
    const { status, error } = await h.operations.getRun(runId, LOCAL_OPERATOR);
    expect([status, error?.code]).toEqual(['cancelled', 'cancelled']);
    await h.quiet();
  });
});
