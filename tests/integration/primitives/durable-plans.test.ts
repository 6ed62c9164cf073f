import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LOCAL_OPERATOR } from '../../../src/contracts/caller.ts';
import {
  each,
  fn,
  match,
  parallel,
  pipe,
  repeatUntil,
  saga,
  step,
  waitFor,
  when,
} from '../../../src/primitives/compose/combine.ts';
import type { AnyPrimitive, Primitive } from '../../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { createCatalog } from '../../../src/workflows/catalog/catalog.ts';
import { planCatalog, runPlan, startPlan } from '../../support/durable-runner.ts';
import { startHarness, untilAbort, type Harness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const calls: string[] = [];

function num(
  name: string,
  work: (n: number, ctx: StepContext) => number | Promise<number>,
  queue = 'ipa',
): Primitive<number, number> {
  return step({
    name,
    queue,
    input: z.number(),
    output: z.number(),
    run: async (n, ctx) => {
      calls.push(ctx.path);
      return work(n, ctx);
    },
  });
}

const inc = num('inc', (n) => n + 1);
const double = num('double', (n) => n * 2, 'wba');
const broken = num('broken', () => {
  throw new Error('broken');
});
const quick = { baseDelayMs: 10, maxDelayMs: 50 };

function harness(plans: Readonly<Record<string, AnyPrimitive>>, settings = {}): Promise<Harness> {
  calls.length = 0;
  return startHarness({ redisUrl: redis.url, catalog: planCatalog(plans), settings });
}

/** Nothing waits for anything any more. */
async function assertQuiet(h: Harness): Promise<void> {
  await h.quiet();
  expect(await h.core.store.redis.zcard(h.core.store.keys.deadlines())).toBe(0);
}

describe('a plan on the fleet', () => {
  it('a step is not repeated after a failure that its own condition does not want repeated', async () => {
    const refused = num('refused', () => {
      throw new Error('not again');
    }).retry({ ...quick, maxAttempts: 3, retryIf: ({ message }) => message !== 'not again' });
    await using h = await harness({ p: pipe(refused, inc).retry({ ...quick, maxAttempts: 2 }), q: refused });
    expect(await runPlan(h, 'q', 1)).toMatchObject({ status: 'failed', error: { code: 'step_failed' } });
    expect(calls).toHaveLength(1);
    // Around the step another policy may want what the step does not.
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'failed' });
    expect(calls).toHaveLength(3);
    await assertQuiet(h);
  });

  it('gets its input as its schema made it once, at every look at it', async () => {
    const definition = {
      name: 'p',
      version: 1,
      input: z.string().transform((text) => text.length),
      timeoutMs: 30_000,
      needsIntent: false,
      plan: pipe(
        inc,
        when('small', (n: number) => n < 10, double),
      ).plan,
    };
    await using h = await startHarness({ redisUrl: redis.url, catalog: createCatalog([definition]) });
    expect(await runPlan(h, 'p', 'three')).toMatchObject({ status: 'completed', output: 12 });
  });

  it('a chain with glue is one segment, and gives the plan’s output', async () => {
    await using h = await harness({
      p: pipe(
        inc,
        fn('half', (n: number) => n / 2),
        double,
        fn('text', (n: number) => `=${n}`),
      ),
    });
    expect(await runPlan(h, 'p', 3)).toMatchObject({ status: 'completed', output: '=4' });
    expect(calls).toEqual(['inc', 'double']);
    await assertQuiet(h);
  });

  it('a diamond comes together again', async () => {
    await using h = await harness({
      p: pipe(
        inc,
        parallel({ b: double, c: num('c', (n) => n - 1) }),
        fn('sum', ({ b, c }: { b: number; c: number }) => b + c),
        num('d', (n) => n * 10),
      ),
    });
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'completed', output: 50 });
    await assertQuiet(h);
  });

  it('[P13.3] branches of several steps do not wait for each other between their steps', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const a2 = num('a2', (n) => (release(), n + 1));
    const slow = num('slow', async (n) => (await held, n), 'nga');
    await using h = await harness({
      p: parallel({
        a: pipe(
          num('a1', (n) => n),
          a2,
        ),
        b: slow,
      }),
    });
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'completed', output: { a: 2, b: 1 } });
    await assertQuiet(h);
  });

  it('64 items of two steps each, one of which fails, settle in their order', async () => {
    const body = pipe(
      num('first', (n) => n),
      num(
        'second',
        (n) => {
          if (n === 13) throw new Error('unlucky');
          return n * 2;
        },
        'wba',
      ),
    );
    await using h = await harness({
      p: each('all', (n: number) => Array.from({ length: n }, (_, i) => i), body, {
        join: 'settled',
        concurrency: 64,
      }),
    });
    const run = await runPlan(h, 'p', 64);
    expect(run.status).toBe('completed');
    const output = run.output as { status: string; value?: number }[];
    expect(output).toHaveLength(64);
    expect(output.map((item) => item.status).filter((status) => status === 'error')).toHaveLength(1);
    expect(output[12]).toEqual({ status: 'ok', value: 24 });
    expect(output[13]).toMatchObject({ status: 'error', error: { code: 'step_failed', message: 'unlucky' } });
    await assertQuiet(h);
  });

  it('the first failure of a parallel gives the others up, also one that is active', async () => {
    let aborted = false;
    const hang = num(
      'hang',
      async (_n, ctx) => {
        ctx.signal.addEventListener('abort', () => (aborted = true));
        return untilAbort(ctx.signal);
      },
      'nga',
    );
    await using h = await harness({ p: parallel({ bad: pipe(inc, broken), good: pipe(hang, double) }) });
    const run = await runPlan(h, 'p', 1);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'step_failed', path: 'bad.broken' } });
    expect(aborted).toBe(true);
    expect(calls).not.toContain('good.double');
    await assertQuiet(h);
  });

  it('a quorum takes the first successes and gives the rest up', async () => {
    const never = num('never', (_n, ctx) => untilAbort(ctx.signal), 'nga');
    await using h = await harness({ p: parallel({ a: inc, b: double, c: never }, { join: { atLeast: 2 } }) });
    const run = await runPlan(h, 'p', 5);
    expect(run).toMatchObject({
      status: 'completed',
      output: { a: { status: 'ok', value: 6 }, b: { status: 'ok', value: 10 }, c: { status: 'error' } },
    });
    await assertQuiet(h);
  });

  it('choices and rounds take the way that the values say', async () => {
    await using h = await harness({
      p: pipe(
        when('big', (n: number) => n > 10, double),
        match('kind', (n: number) => (n % 2 === 0 ? 'even' : 'odd'), {
          even: num('even', (n) => n),
          odd: num('odd', (n) => -n),
        }),
        repeatUntil(
          'grow',
          num('grown', (n) => n * 2),
          (n) => Math.abs(n) > 100,
          { maxIterations: 10 },
        ),
      ),
    });
    expect(await runPlan(h, 'p', 15)).toMatchObject({ status: 'completed', output: 120 });
    expect(await runPlan(h, 'p', 7)).toMatchObject({ status: 'completed', output: -112 });
    await assertQuiet(h);
  });

  it('a composite is retried from its beginning after a pause that occupies no worker', async () => {
    let failures = 2;
    const flaky = num('flaky', (n) => {
      if (failures-- > 0) throw new Error('again');
      return n;
    });
    await using h = await harness({ p: pipe(inc, flaky).retry({ maxAttempts: 3, ...quick }) });
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'completed', output: 2 });
    expect(calls).toEqual(['inc', 'flaky', '~r2.inc', '~r2.flaky', '~r3.inc', '~r3.flaky']);
    await assertQuiet(h);
  });

  it('[R6.2] what one agent fails at for good another one does, or another path, and the run says so', async () => {
    const called: string[] = [];
    const work = (name: string, queue: 'ipa' | 'wba' | 'nga', fails: boolean) =>
      num(
        name,
        async (n) => {
          called.push(name);
          if (fails) throw new Error(`${queue} is unwell`);
          return n * 2;
        },
        queue,
      );
    const twice = { maxAttempts: 2, baseDelayMs: 1, jitter: 0 };
    await using h = await harness({
      agent: pipe(
        work('first', 'wba', true)
          .retry(twice)
          .fallback(work('backup', 'nga', false)),
        inc,
      ),
      path: pipe(inc, work('late', 'wba', true)).fallback(pipe(work('other', 'ipa', false), inc)),
    });
    expect(await runPlan(h, 'agent', 3)).toMatchObject({ status: 'completed', output: 7, degraded: true });
    expect(called).toEqual(['first', 'first', 'backup']);
    expect(await runPlan(h, 'path', 3)).toMatchObject({ status: 'completed', output: 7, degraded: true });
    expect(called.slice(3)).toEqual(['late', 'other']);
    await assertQuiet(h);
  });

  it('a deadline around a composite stops the work, and its fallback answers', async () => {
    let aborted = false;
    const hang = num(
      'hang',
      async (_n, ctx) => {
        ctx.signal.addEventListener('abort', () => (aborted = true));
        return untilAbort(ctx.signal);
      },
      'nga',
    );
    await using h = await harness({
      p: pipe(inc, hang)
        .timeout(300)
        .fallback(num('plain', () => -1)),
    });
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'completed', output: -1, degraded: true });
    expect(aborted).toBe(true);
    await assertQuiet(h);
  });

  it('a saga undoes what it did, newest first, once each', async () => {
    const undo = (name: string) =>
      step({
        name,
        queue: 'wba',
        input: z.object({ output: z.number().optional() }),
        output: z.null(),
        run: async ({ output }) => (calls.push(`${name}:${output}`), null),
      });
    await using h = await harness({
      p: saga<number>('order')
        .step(inc.named('a'), { compensate: undo('undoA') })
        .step(double.named('b'), { compensate: undo('undoB') })
        .step(broken)
        .build(),
    });
    const run = await runPlan(h, 'p', 1);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'step_failed' } });
    expect(calls).toEqual(['order.a', 'order.b', 'order.broken', 'undoB:4', 'undoA:2']);
    await assertQuiet(h);
  });

  it('cancelling a saga undoes it before the run ends as cancelled', async () => {
    const hang = num('hang', (_n, ctx) => untilAbort(ctx.signal), 'nga');
    const undo = step({
      name: 'undo',
      queue: 'wba',
      input: z.unknown(),
      output: z.null(),
      run: async () => (calls.push('undone'), null),
    });
    await using h = await harness({
      p: saga<number>('order').step(inc, { compensate: undo }).step(hang).build(),
    });
    const runId = await startPlan(h, 'p', 1);
    await h.eventOf(runId, 'step.started', 'order.hang');
    await h.operations.cancelRun(runId, { reason: 'enough' }, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'cancelled' });
    expect(calls.filter((call) => call === 'undone')).toHaveLength(1);
    await assertQuiet(h);
  });

  it('a signal wakes the run that waits for it, once, and may come first', async () => {
    const p = pipe(
      inc,
      fn('any', (n: number): unknown => n),
      waitFor('approval', z.boolean(), { timeoutMs: 20_000 }),
      fn('said', (yes: boolean) => (yes ? 1 : 0)),
      double,
    );
    await using h = await harness({ p });
    const late = await startPlan(h, 'p', 1);
    await h.eventOf(late, 'step.completed', 'inc');
    await h.operations.signalRun(late, 'approval', true, LOCAL_OPERATOR);
    expect(await h.ended(late)).toMatchObject({ status: 'completed', output: 2 });
    await expect(h.operations.signalRun(late, 'approval', true, LOCAL_OPERATOR)).rejects.toMatchObject({
      kind: 'conflict',
      retryable: false,
    });
    await assertQuiet(h);
  });

  it('a signal that does not come times out', async () => {
    await using h = await harness({
      p: waitFor('never', z.boolean(), { timeoutMs: 200, onTimeout: { value: null } }),
    });
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'completed', output: null });
    await assertQuiet(h);
  });

  it('a run that begins with waiting has started, and says so', async () => {
    await using h = await harness({ p: waitFor('go', z.boolean(), { timeoutMs: 20_000 }) });
    const runId = await startPlan(h, 'p', 1);
    await h.eventOf(runId, 'run.started');
    const running = await h.operations.getRun(runId, LOCAL_OPERATOR);
    expect(running).toMatchObject({ status: 'running', started_at: expect.any(String) });
    await h.operations.signalRun(runId, 'go', true, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', started_at: running.started_at });
  });

  it('[P13.12] a run whose queue nobody serves ends timed out', async () => {
    await using h = await startHarness({
      redisUrl: redis.url,
      workers: ['flow', 'maintenance'],
      catalog: planCatalog({ p: pipe(inc, double) }, 500),
    });
    expect(await runPlan(h, 'p', 1)).toMatchObject({ status: 'timed_out' });
    await assertQuiet(h);
  });

  it('what a failed plan did not finish is done after a replay, and nothing else', async () => {
    let isBroken = true;
    const fragile = num(
      'fragile',
      (n) => {
        if (isBroken) throw new Error('not now');
        return n + 1;
      },
      'nga',
    );
    await using h = await harness({
      p: parallel({
        a: pipe(inc, double),
        b: pipe(
          num('b1', (n) => n),
          fragile,
        ),
      }),
    });
    const runId = await startPlan(h, 'p', 1);
    expect(await h.ended(runId)).toMatchObject({ status: 'failed' });
    isBroken = false;
    const [letter] = await h.operations.listDeadLetters({ limit: 10 });
    await h.operations.replayDeadLetter(letter!.dlq_id, LOCAL_OPERATOR);
    expect(await h.ended(runId)).toMatchObject({ status: 'completed', output: { a: 4, b: 2 } });
    expect(calls.filter((path) => path === 'b.b1')).toHaveLength(1);
    await assertQuiet(h);
  });
});
