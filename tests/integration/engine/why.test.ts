import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR, type Caller } from '../../../src/contracts/caller.ts';
import type { RunExplanation, WhyKind } from '../../../src/contracts/why.ts';
import { fn, parallel, pipe, saga, step, waitFor } from '../../../src/primitives/compose/combine.ts';
import type { AnyPrimitive, Primitive } from '../../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { startWorkerRole } from '../../../src/runtime/worker-role.ts';
import { explainRun } from '../../../src/workflows/why.ts';
import { planCatalog, startPlan } from '../../support/durable-runner.ts';
import {
  eventually,
  startHarness,
  untilAbort,
  type Harness,
  type HarnessOptions,
} from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

type Plans = Readonly<Record<string, AnyPrimitive>>;

function harness(plans: Plans, options: Omit<HarnessOptions, 'redisUrl'> = {}): Promise<Harness> {
  return startHarness({ redisUrl: redis.url, catalog: planCatalog(plans), ...options });
}

function num(
  name: string,
  work: (n: number, ctx: StepContext) => number | Promise<number> = (n) => n,
  queue = 'ipa',
): Primitive<number, number> {
  return step({ name, queue, input: z.number(), output: z.number(), run: async (n, ctx) => work(n, ctx) });
}

const idle = num('idle');
const hang = num('hang', (_, { signal }) => untilAbort(signal));

function why(h: Harness, runId: string): Promise<RunExplanation> {
  return h.operations.whyRun(runId, LOCAL_OPERATOR);
}

/** The explanation once its first reason is of the kind: workers need a moment to get there. */
async function whenWhy(h: Harness, runId: string, kind: WhyKind): Promise<RunExplanation> {
  let found: RunExplanation | undefined;
  await eventually(async () => {
    found = await why(h, runId);
    expect(found.reasons[0]?.kind, JSON.stringify(found)).toBe(kind);
  });
  return found!;
}

function aheadOf(iso: string | undefined): number {
  return Date.parse(iso ?? '') - Date.now();
}

describe('a run that waits for a worker', () => {
  test('of a paused queue says so, and its place there', async () => {
    await using h = await harness({ p: idle });
    const queue = h.core.queues.get('ipa')!;
    await queue.pause();
    await startPlan(h, 'p', 1);
    const found = await why(h, await startPlan(h, 'p', 1));
    expect(found.reasons).toMatchObject([
      { kind: 'queue_paused', subject: 'ipa', detail: 'queue "ipa" is paused' },
      {
        kind: 'step_waiting',
        subject: 'idle',
        detail: 'step "idle" waits on queue "ipa": it is behind 1 other job',
      },
    ]);
    expect(found.summary).toBe('the run is pending: queue "ipa" is paused (and 1 more)');
    expect(aheadOf(found.next_deadline_at)).toBeGreaterThan(20_000);
    await queue.resume();
    expect(await h.ended(found.run_id)).toMatchObject({ status: 'completed' });
  });

  test('of a queue without one says so, until there is one', async () => {
    await using h = await harness({ p: num('far', undefined, 'wba') }, { workers: ['flow', 'maintenance'] });
    const runId = await startPlan(h, 'p', 1);
    expect((await why(h, runId)).reasons).toMatchObject([
      { kind: 'no_worker', subject: 'wba', what_changes_it: 'a worker for queue "wba" starts' },
      { kind: 'step_waiting', subject: 'far', detail: 'step "far" waits on queue "wba": it is next' },
    ]);
    await h.startWorkers(['wba']);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed' });
  });

  test('of a queue that has reached its rate limit says until when', async () => {
    await using h = await harness({ p: idle }, { workers: ['flow', 'maintenance'] });
    await h.core.queues.get('ipa')!.rateLimit(60_000);
    const runId = await startPlan(h, 'p', 1);
    const reason = (await why(h, runId)).reasons.find(({ kind }) => kind === 'rate_limited');
    expect(reason).toMatchObject({ subject: 'ipa', what_changes_it: 'time alone' });
    expect(aheadOf(reason?.until)).toBeGreaterThan(50_000);
  });

  test('that is busy says how many workers there are', async () => {
    const settings = { 'agents.ipa.concurrency': '1' };
    await using h = await harness({ hang, idle }, { settings });
    const first = await startPlan(h, 'hang', 1);
    await h.eventOf(first, 'step.started');
    const found = await why(h, await startPlan(h, 'idle', 1));
    expect(found.reasons).toMatchObject([
      { kind: 'step_waiting', what_changes_it: 'one of 1 worker becomes free; more of them shorten it' },
    ]);
    await h.operations.cancelRun(first, {}, LOCAL_OPERATOR);
    expect(await h.ended(found.run_id)).toMatchObject({ status: 'completed' });
  });
});

describe('a run whose step', () => {
  test('is active says who holds it, and until when its lock lasts', async () => {
    await using h = await harness({ p: hang });
    const runId = await startPlan(h, 'p', 1);
    await h.eventOf(runId, 'step.started');
    const found = await why(h, runId);
    expect(found.reasons).toMatchObject([
      { kind: 'step_active', subject: 'hang', detail: 'worker "test-0" of queue "ipa" works on step "hang"' },
    ]);
    expect(aheadOf(found.reasons[0]?.until)).toBeGreaterThan(0);
    expect(Date.parse(found.reasons[0]?.since ?? '')).toBeLessThanOrEqual(Date.now());
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    await h.ended(runId);
  });

  test('failed says when it is tried again, and what went wrong', async () => {
    const flaky = num('flaky', () => {
      throw new Error('the dice broke');
    }).retry({ maxAttempts: 4, baseDelayMs: 60_000, maxDelayMs: 60_000, jitter: 0 });
    await using h = await harness({ p: flaky });
    const runId = await startPlan(h, 'p', 1);
    const found = await whenWhy(h, runId, 'retry_delayed');
    expect(found.reasons).toMatchObject([
      { subject: 'flaky', detail: 'attempt 1 of 4 of step "flaky" failed: step_failed: the dice broke' },
    ]);
    expect(aheadOf(found.reasons[0]?.until)).toBeGreaterThan(50_000);
    expect(found.last_error).toMatchObject({ code: 'step_failed', message: 'the dice broke', path: 'flaky' });
  });

  test('waits for an open circuit says so, not that it failed', async () => {
    const settings = {
      'workflow.error_handling.circuit_breaker.failure_threshold': '2',
      'workflow.error_handling.circuit_breaker.timeout_seconds': '60',
    };
    const down = num('down', () => {
      throw new Error('down');
    }).retry({ maxAttempts: 9, baseDelayMs: 10, maxDelayMs: 10 });
    await using h = await harness({ p: down }, { settings });
    const found = await whenWhy(h, await startPlan(h, 'p', 1), 'circuit_open');
    expect(found.reasons).toMatchObject([{ kind: 'circuit_open', subject: 'down' }]);
    expect(found.reasons[0]?.detail).toMatch(/^step "down" was put off: circuit "[\w.]+" is open/);
    expect(aheadOf(found.reasons[0]?.until)).toBeGreaterThan(30_000);
    expect(found.last_error).toMatchObject({ path: 'down' });
  });

  test('is of a version that no worker has says which', async () => {
    await using h = await harness({ p: idle }, { workers: [] });
    const runId = await startPlan(h, 'p', 1);
    const { config, redisUrl, log, metrics } = h.core;
    const old = await startWorkerRole({
      config,
      redisUrl,
      log,
      metrics,
      catalog: planCatalog({ other: idle }),
      queues: ['ipa', 'flow', 'maintenance'],
      instance: 'old',
    });
    try {
      const found = await whenWhy(h, runId, 'version_unknown');
      expect(found.reasons[0]?.detail).toContain('has no step "idle" of workflow p@1');
      expect((await explainRun(old.core.workflows, runId)).reasons[0]?.kind).toBe('version_unknown');
    } finally {
      await old.stop();
    }
  });
});

describe('a run that waits by its own plan', () => {
  test('for a signal names it and its limit', async () => {
    await using h = await harness({ p: waitFor('approval', z.number(), { timeoutMs: 20_000 }) });
    const runId = await startPlan(h, 'p', 1);
    const found = await why(h, runId);
    expect(found.reasons).toMatchObject([{ kind: 'waiting_for_signal', subject: 'approval' }]);
    expect(found.next_deadline_at).toBe(found.reasons[0]?.until);
    await h.operations.signalRun(runId, 'approval', 7, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 7 });
  });

  test('for the end of a pause says until when', async () => {
    const broken = num('broken', () => {
      throw new Error('broken');
    });
    const plan = pipe(idle, broken).retry({ maxAttempts: 2, baseDelayMs: 20_000, jitter: 0 });
    await using h = await harness({ p: plan });
    const found = await whenWhy(h, await startPlan(h, 'p', 1), 'pause');
    expect(aheadOf(found.reasons[0]?.until)).toBeGreaterThan(10_000);
    expect(found.last_error).toMatchObject({ code: 'step_failed', message: 'broken' });
  });

  test('for branches names them and what they wait for', async () => {
    const branch = pipe(idle, waitFor('go', z.number(), { timeoutMs: 20_000 }));
    await using h = await harness({ p: parallel({ a: branch, b: hang }) });
    const runId = await startPlan(h, 'p', 1);
    await eventually(async () => {
      const { reasons } = await why(h, runId);
      expect(reasons.map(({ kind, subject }) => [kind, subject])).toEqual([
        ['step_active', 'b.hang'],
        ['waiting_for_signal', 'go'],
        ['waiting_for_branch', 'a'],
      ]);
    });
    await h.operations.cancelRun(runId, {}, LOCAL_OPERATOR);
    await h.ended(runId);
  });

  test('for the turn of another run of its session names that run', async () => {
    await using h = await startHarness({ redisUrl: redis.url, workers: [] });
    const sessionId = await h.newSession();
    const first = await h.submit(sessionId, 'go south');
    const second = await h.submit(sessionId, 'go north');
    const third = await h.submit(sessionId, 'look');
    expect((await why(h, second)).reasons).toMatchObject([{ kind: 'session_turn_ahead', subject: first }]);
    const { reasons } = await why(h, third);
    expect(reasons[0]?.detail).toContain('and 1 more of its session go before it');
    expect(aheadOf(reasons[0]?.until)).toBeGreaterThan(0);
    await h.operations.cancelRun(first, {}, LOCAL_OPERATOR);
    expect((await why(h, second)).reasons[0]?.kind).toBe('no_worker');
  });
});

describe('a run that ends', () => {
  test('says what it undoes while it does', async () => {
    const undo = step({
      name: 'undo',
      queue: 'wba',
      input: z.unknown(),
      output: z.number(),
      run: async () => 0,
    });
    const plan = saga<number>('order').step(idle, { compensate: undo }).step(hang).build();
    await using h = await harness({ p: plan }, { workers: ['ipa', 'flow', 'maintenance'] });
    const runId = await startPlan(h, 'p', 1);
    await h.eventOf(runId, 'step.started', 'order.hang');
    await h.operations.cancelRun(runId, { reason: 'not wanted' }, LOCAL_OPERATOR);
    await eventually(async () => {
      const ending = (await why(h, runId)).reasons.find(({ kind }) => kind === 'ending');
      expect(ending?.detail).toMatch(/^the run must end \(cancelled: not wanted\), and undoes .*undo/);
    });
    expect((await why(h, runId)).reasons[0]).toMatchObject({ kind: 'no_worker', subject: 'wba' });
    await h.startWorkers(['wba']);
    expect(await h.ended(runId)).toMatchObject({ status: 'cancelled' });
  });

  test('and has ended says how, and with which error', async () => {
    const broken = fn('broken', () => {
      throw new Error('no');
    });
    await using h = await harness({ p: pipe(idle, broken), q: idle });
    const failed = await startPlan(h, 'p', 1);
    await h.ended(failed);
    const found = await why(h, failed);
    expect(found).toMatchObject({
      status: 'failed',
      reasons: [
        { kind: 'ended', subject: failed, what_changes_it: 'resuming it, or replaying its dead letter' },
      ],
      last_error: { message: 'no' },
    });
    expect(found.next_deadline_at).toBeUndefined();
    const completed = await startPlan(h, 'q', 1);
    await h.ended(completed);
    expect(await why(h, completed)).toMatchObject({
      summary: 'the run is completed',
      reasons: [{ kind: 'ended', what_changes_it: 'nothing' }],
    });
  });
});

test('only its owner and readers may ask', async () => {
  await using h = await harness({ p: idle }, { workers: [] });
  const runId = await startPlan(h, 'p', 1);
  const somebody: Caller = { id: 'other', roles: new Set(['enqueue']) };
  const refusal = { code: 'run_not_found', kind: 'not_found' };
  await expect(h.operations.whyRun(runId, somebody)).rejects.toMatchObject(refusal);
  await expect(h.operations.whyRun(runId.replace('wf_0', 'wf_1'), LOCAL_OPERATOR)).rejects.toMatchObject(
    refusal,
  );
  const reader: Caller = { id: 'reader', roles: new Set(['read']) };
  expect((await h.operations.whyRun(runId, reader)).run_id).toBe(runId);
});
