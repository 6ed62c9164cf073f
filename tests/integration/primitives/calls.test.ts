import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import { each, fn, parallel, pipe, saga, step, waitFor } from '../../../src/primitives/compose/combine.ts';
import { make } from '../../../src/primitives/compose/make.ts';
import type { AnyPrimitive, Primitive } from '../../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { MemoryEffects } from '../../../src/primitives/effects/memory-effects.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { admitRun } from '../../../src/primitives/durable/admit-run.ts';
import { calledRunId } from '../../../src/primitives/durable/called-runs.ts';
import { startPlan } from '../../support/durable-runner.ts';
import { eventually, startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { catalogOf } from '../../../src/workflows/catalog/catalog.ts';
import type { WorkflowDefinition } from '../../../src/workflows/definition.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const done: string[] = [];

function num(
  name: string,
  work: (n: number, ctx: StepContext) => number | Promise<number>,
): Primitive<number, number> {
  return step({
    name,
    queue: 'ipa',
    input: z.number(),
    output: z.number(),
    run: async (n, ctx) => {
      const result = await work(n, ctx);
      done.push(name);
      return result;
    },
  });
}

const inc = num('inc', (n) => n + 1);
const double = num('double', (n) => n * 2);
const broken = num('broken', () => {
  throw Object.assign(new Error('broken'), { retryable: false });
});

function call(workflow: string, name = workflow): Primitive<number, number> {
  return make({ kind: 'call', name, workflow });
}

function undo(name: string): AnyPrimitive {
  return step({
    name,
    queue: 'ipa',
    input: z.unknown(),
    output: z.unknown(),
    run: async () => {
      done.push(name);
      return null;
    },
  }) as AnyPrimitive;
}

function definitions(plans: Readonly<Record<string, AnyPrimitive>>): WorkflowDefinition[] {
  return Object.entries(plans).map(([name, { plan }]) => ({
    name,
    version: 1,
    input: z.number(),
    timeoutMs: 30_000,
    needsIntent: false,
    plan,
  }));
}

async function harness(plans: Readonly<Record<string, AnyPrimitive>>, settings = {}): Promise<Harness> {
  done.length = 0;
  return startHarness({ redisUrl: redis.url, catalog: catalogOf(definitions(plans)), settings });
}

/** Waits until a step of a called run has begun; tells the id of that run. */
async function begun(h: Harness, runId: string, path: string, inside: string): Promise<string> {
  await h.eventOf(runId, 'step.started', path);
  const calledId = calledRunId(runId, path);
  await h.eventOf(calledId, 'step.started', inside);
  return calledId;
}

async function assertQuiet(h: Harness): Promise<void> {
  await h.quiet();
  expect(await h.core.store.redis.zcard(h.core.store.keys.deadlines())).toBe(0);
}

it('[W1.6] a call is a run of its own, with a record that names its caller', async () => {
  await using h = await harness({
    outer: pipe(inc, call('inner'), double),
    inner: pipe(inc, inc.named('again')),
  });
  const runId = await startPlan(h, 'outer', 1);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 8 });
  const called = await h.operations.getRun(calledRunId(runId, 'inner'), LOCAL_OPERATOR);
  expect(called).toMatchObject({
    status: 'completed',
    output: 4,
    workflow: 'inner',
    parent_run_id: runId,
    correlation_id: runId,
  });
  const steps = (await h.ended(runId)).steps.map(({ name, status }) => `${name} ${status}`);
  expect(steps).toEqual(expect.arrayContaining(['inner completed']));
  await assertQuiet(h);
});

it('calls may be made side by side, in items, and by runs that were called', async () => {
  await using h = await harness({
    outer: pipe(
      parallel({ one: call('middle'), two: pipe(inc, call('inner')) }),
      fn('list', ({ one, two }: { one: number; two: number }) => [one, two, 100]),
      each('all', (numbers: number[]) => numbers, call('inner')),
    ),
    middle: pipe(call('inner'), call('inner', 'second')),
    inner: inc,
  });
  expect(await h.ended(await startPlan(h, 'outer', 1))).toMatchObject({
    status: 'completed',
    output: [4, 4, 101],
  });
  await assertQuiet(h);
});

it('a call fails with the code of what it called; what stands around it decides what follows', async () => {
  let attempts = 0;
  const flaky = num('flaky', (n) => {
    attempts += 1;
    if (attempts < 3) throw new Error('not yet');
    return n;
  });
  await using h = await harness({
    plain: call('bad'),
    safe: call('bad').fallback(fn('instead', () => -1)),
    again: call('flaky').retry({ maxAttempts: 3, baseDelayMs: 5, jitter: 0 }),
    unknown: call('nobody'),
    misfit: pipe(
      fn('text', () => 'text' as unknown as number),
      call('bad'),
    ),
    bad: broken,
    flaky,
  });
  const end = async (name: string): Promise<unknown> => h.ended(await startPlan(h, name, 1));
  expect(await end('plain')).toMatchObject({
    status: 'failed',
    error: { code: 'step_failed', path: 'bad', message: 'workflow "bad": broken' },
  });
  expect(await end('safe')).toMatchObject({ status: 'completed', output: -1, degraded: true });
  expect(await end('again')).toMatchObject({ status: 'completed', output: 1 });
  expect(await end('unknown')).toMatchObject({ status: 'failed', error: { code: 'workflow_not_found' } });
  expect(await end('misfit')).toMatchObject({ status: 'failed', error: { code: 'input_invalid' } });
  expect(attempts).toBe(3);
  await assertQuiet(h);
});

it('[W1.2] calls are nested at most eight deep', async () => {
  const chain: Record<string, AnyPrimitive> = { level_9: inc };
  for (let level = 8; level >= 0; level -= 1) chain[`level_${level}`] = call(`level_${level + 1}`);
  await using h = await harness(chain);
  expect(await h.ended(await startPlan(h, 'level_1', 1))).toMatchObject({ status: 'completed', output: 2 });
  expect(await h.ended(await startPlan(h, 'level_0', 1))).toMatchObject({
    status: 'failed',
    error: { code: 'call_too_deep' },
  });
  await assertQuiet(h);
});

it('cancelled, a run lets what it called undo its work before it undoes its own', async () => {
  const busy = num('busy', (_n, ctx) => untilAbort(ctx.signal));
  await using h = await harness({
    outer: saga<number>('order')
      .step(inc, { compensate: undo('undo_outer') as never })
      .step(call('inner'))
      .build(),
    inner: saga<number>('parts')
      .step(double, { compensate: undo('undo_inner') as never })
      .step(busy)
      .build(),
  });
  const runId = await startPlan(h, 'outer', 1);
  const calledId = await begun(h, runId, 'order.inner', 'parts.busy');
  await h.operations.cancelRun(runId, { reason: 'enough' }, LOCAL_OPERATOR);
  expect(await h.ended(runId)).toMatchObject({ status: 'cancelled' });
  const called = await h.operations.getRun(calledId, LOCAL_OPERATOR);
  expect(called).toMatchObject({ status: 'cancelled' });
  expect(done).toEqual(['inc', 'double', 'undo_inner', 'undo_outer']);
  await assertQuiet(h);
});

it('a limit around a call ends the called run; nothing stands in for a called run that was cancelled', async () => {
  const busy = num('busy', (_n, ctx) => untilAbort(ctx.signal));
  await using h = await harness({
    limited: pipe(call('slow'), inc).timeout(300),
    caught: call('slow').fallback(fn('instead', () => 0)),
    slow: busy,
  });
  const limited = await startPlan(h, 'limited', 1);
  expect(await h.ended(limited)).toMatchObject({ error: { code: 'deadline_exceeded' } });
  expect(await h.operations.getRun(calledRunId(limited, 'slow'), LOCAL_OPERATOR)).toMatchObject({
    status: 'timed_out',
  });
  const caught = await startPlan(h, 'caught', 1);
  const calledId = await begun(h, caught, 'slow', 'busy');
  await h.operations.cancelRun(calledId, { reason: 'not this one' }, LOCAL_OPERATOR);
  expect(await h.ended(caught)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
  await assertQuiet(h);
});

it('resumed, a run resumes what it called: what was completed is not done again', async () => {
  let isUp = false;
  const wobbly = num('wobbly', (n) => {
    if (!isUp) throw Object.assign(new Error('down'), { retryable: false });
    return n * 10;
  });
  await using h = await harness({ outer: pipe(inc, call('inner')), inner: pipe(double, wobbly) });
  const runId = await startPlan(h, 'outer', 1);
  expect(await h.ended(runId)).toMatchObject({ status: 'failed', error: { code: 'step_failed' } });
  isUp = true;
  const [letter] = await h.operations.listDeadLetters({ limit: 10 });
  expect(letter).toMatchObject({ workflow_id: calledRunId(runId, 'inner') });
  await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 40 });
  expect(done).toEqual(['inc', 'double', 'wobbly']);
  await assertQuiet(h);
});

it('a run whose called run waits for a signal says so, and which run wants it', async () => {
  const wait = waitFor('go', z.number(), { timeoutMs: 25_000 });
  await using h = await harness({ outer: call('inner'), inner: fn('any', (n: number) => n).pipe(wait) });
  const runId = await startPlan(h, 'outer', 1);
  const calledId = calledRunId(runId, 'inner');
  await h.eventOf(runId, 'step.started', 'inner');
  await h.eventOf(calledId, 'run.started');
  await eventually(async () => {
    const { reasons } = await h.operations.whyRun(runId, LOCAL_OPERATOR);
    expect(reasons.map(({ kind, subject, detail }) => [kind, subject, detail])).toEqual([
      ['waiting_for_signal', 'go', `"inner.go" waits for the signal "go" to run ${calledId}`],
      ['waiting_for_run', calledId, `"inner" waits for run ${calledId}, which it called`],
    ]);
  });
  await h.operations.signalRun(calledId, 'go', 7, LOCAL_OPERATOR);
  expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: 7 });
  await assertQuiet(h);
});

it('a run that was admitted by a process that died then, and one whose job was removed, are taken up again', async () => {
  const gate = Promise.withResolvers<void>();
  const held = num('held', async (n) => {
    await gate.promise;
    return n;
  });
  await using h = await harness({ outer: call('inner'), inner: pipe(inc, held), late: call('inner') });
  const early = await startPlan(h, 'outer', 1);
  await begun(h, early, 'inner', 'held');
  expect(await h.operations.getRun(early, LOCAL_OPERATOR)).toMatchObject({
    status: 'running',
    started_at: expect.any(String),
  });
  const reasons = await h.operations.whyRun(early, LOCAL_OPERATOR);
  expect(reasons.reasons.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    'step_active inner.held',
    `waiting_for_run ${calledRunId(early, 'inner')}`,
  ]);
  gate.resolve();
  expect(await h.ended(early)).toMatchObject({ status: 'completed', output: 2 });

  const { core } = h;
  const lateId = await startLate(h);
  await admitRun(
    core.store,
    {
      run_id: calledRunId(lateId, 'inner'),
      workflow: 'inner',
      version: 1,
      priority: 'normal',
      input: 1,
      correlation_id: lateId,
      timeout_ms: 30_000,
      called_by: { run_id: lateId, path: 'inner', job_id: lateId, resumes: 0, depth: 1 },
    },
    {
      nowMs: Date.now(),
      maxOpenRuns: 10,
      maxPending: 0,
      onBusy: 'queue',
      nextCheckAtMs: Date.now() + 60_000,
      retentionSeconds: 60,
    },
  );
  await core.queues.get('flow')!.resume();
  expect(await h.ended(lateId)).toMatchObject({ status: 'completed', output: 2 });
  await assertQuiet(h);
});

/** A run whose run job waits, because its queue is paused. */
async function startLate(h: Harness): Promise<string> {
  await h.core.queues.get('flow')!.pause();
  return startPlan(h, 'late', 1);
}

const keeping = step({
  name: 'keeping',
  queue: 'ipa',
  input: z.number(),
  output: z.number(),
  run: async (n, ctx) => {
    ctx.effects.setKey('kept', String(n));
    ctx.effects.onRollback('tell', { n });
    return n;
  },
});

it.each([
  { onFailure: 'start', status: 'rolled_back', inner: 'rolled_back', kept: null, told: [{ n: 1 }] },
  { onFailure: 'keep', status: 'failed', inner: 'completed', kept: '1', told: [] },
] as const)(
  '[W4] with onFailure $onFailure what a called run did is $inner when its caller fails, alike in process',
  async ({ onFailure, status, inner, kept, told }) => {
    const tellTo = (list: unknown[]) => ({ tell: async (args: unknown) => void list.push(args) });
    const here: unknown[] = [];
    const there: unknown[] = [];
    const plan = pipe(call('inner'), broken);
    const workflow = (
      name: string,
      compensators: unknown[],
      { plan: node }: AnyPrimitive,
    ): WorkflowDefinition => ({
      ...definitions({ [name]: make(node) })[0]!,
      compensators: tellTo(compensators),
    });
    const effects = new MemoryEffects();
    const ended = await testRun(plan, 1, {
      effects,
      onFailure,
      workflows: [workflow('inner', here, keeping)],
    });
    expect([ended.status, effects.keys.get('kept') ?? null, here]).toEqual(['failed', kept, told]);

    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: catalogOf([{ ...workflow('outer', [], plan), onFailure }, workflow('inner', there, keeping)]),
    });
    const runId = await startPlan(h, 'outer', 1);
    expect(await h.ended(runId)).toMatchObject({ status });
    const called = await h.operations.getRun(calledRunId(runId, 'inner'), LOCAL_OPERATOR);
    const { redis: client, keys } = h.core.store;
    expect([called.status, await client.get(keys.own('kept')), there]).toEqual([inner, kept, told]);
    await assertQuiet(h);
  },
);

it('a called run whose caller has gone is ended by the watchdog', async () => {
  const busy = num('busy', (_n, ctx) => untilAbort(ctx.signal));
  await using h = await harness({ outer: call('inner'), inner: busy });
  const runId = await startPlan(h, 'outer', 1);
  const calledId = await begun(h, runId, 'inner', 'busy');
  const { redis: client, keys } = h.core.store;
  await client.hset(keys.run(runId), 'status', 'failed', 'ended_at', Date.now());
  await client.zadd(keys.deadlines(), 0, calledId);
  expect(await h.ended(calledId)).toMatchObject({ status: 'cancelled' });
});
