import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { parallel, waitFor } from '../../../src/primitives/compose/combine.ts';
import type { AnyPrimitive } from '../../../src/primitives/compose/primitive.ts';
import { ALARM_JOB } from '../../../src/workflows/compile.ts';
import { FIRST_CHECK_MS } from '../../../src/workflows/context.ts';
import { runWatchdog } from '../../../src/workflows/watchdog.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import { eventually, startHarness, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const LONG_MS = 25_000;
const signal = (name: string): AnyPrimitive => waitFor(name, z.number(), { timeoutMs: LONG_MS });

function harness(plan: AnyPrimitive): Promise<Harness> {
  return startHarness({
    redisUrl: redis.url,
    catalog: planCatalog({ p: plan }),
    workers: ['ipa', 'flow', 'maintenance'],
  });
}

async function runJob(h: Harness, runId: string) {
  const queue = h.core.queues.get('flow')!;
  return { state: await queue.getJobState(runId), starts: (await queue.getJob(runId))!.attemptsStarted };
}

test('a signal that the run waits for from its very beginning takes effect at once', async () => {
  await using h = await harness(signal('go'));
  const runId = await startPlan(h, 'p', 1);
  const sentAt = Date.now();
  await h.operations.signalRun(runId, 'go', 7, LOCAL_OPERATOR);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 7 });
  expect(Date.now() - sentAt).toBeLessThan(LONG_MS / 2);
});

test('a signal that arrives while the run goes to its pause is not slept through', async () => {
  await using h = await harness(parallel({ x: signal('x'), y: signal('y'), z: signal('z') }));
  const runId = await startPlan(h, 'p', 1);
  const sentAt = Date.now();
  await Promise.all(['x', 'y', 'z'].map((name) => h.operations.signalRun(runId, name, 1, LOCAL_OPERATOR)));
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: { x: 1, y: 1, z: 1 } });
  expect(Date.now() - sentAt).toBeLessThan(LONG_MS / 2);
});

test('a run that was woken and still has to wait goes back to its pause, once', async () => {
  await using h = await harness(signal('go'));
  const runId = await startPlan(h, 'p', 1);
  // Somebody lets the pause end early, again and again.
  for (let round = 1; round <= 3; round++) {
    await eventually(async () => {
      const delayed = await h.core.queues.get('maintenance')!.getDelayed();
      await delayed.find(({ name }) => name === ALARM_JOB)!.promote();
    });
    await eventually(async () =>
      expect(await runJob(h, runId)).toEqual({ state: 'waiting-children', starts: round }),
    );
  }
  await h.operations.signalRun(runId, 'go', 2, LOCAL_OPERATOR);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 2 });
});

test('the watchdog lets a run pause', async () => {
  await using h = await harness(signal('go'));
  const runId = await startPlan(h, 'p', 1);
  const later = { now: () => Date.now() + FIRST_CHECK_MS + 100 };
  expect(await runWatchdog({ ...h.core.workflows, clock: later })).toEqual({ [runId]: 'healthy' });
  expect(await runJob(h, runId)).toEqual({ state: 'waiting-children', starts: 0 });
  await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
  expect(await h.ended(runId)).toMatchObject({ status: 'cancelled' });
});
