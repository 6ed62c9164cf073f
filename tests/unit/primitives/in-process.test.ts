import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  each,
  fn,
  identity,
  match,
  parallel,
  pipe,
  repeatUntil,
  route,
  saga,
  step,
  waitFor,
  when,
} from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import type { RunOptions } from '../../../src/primitives/in-process/run-options.ts';
import { PrimitiveError } from '../../../src/primitives/primitive-error.ts';
import { fakeClock } from '../../../src/primitives/testing/fake-clock.ts';
import { FleetError } from '../../../src/kernel/errors.ts';

const Num = z.number();
const log: string[] = [];

function num(
  name: string,
  work: (n: number, ctx: StepContext) => Promise<number> | number,
): Primitive<number, number> {
  return step({ name, queue: 'test', input: Num, output: Num, run: async (n, ctx) => work(n, ctx) });
}

function after(clock: ReturnType<typeof fakeClock>, ms: number, ctx: StepContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const takeBack = clock.after(ms, resolve);
    ctx.signal.addEventListener('abort', () => {
      takeBack();
      reject(new Error('aborted'));
    });
  });
}

async function run<I, O>(p: Primitive<I, O>, input: I, options: RunOptions = {}) {
  const clock = fakeClock();
  return clock.runUntil(runInProcess(p, input, { clock, random: () => 0.5, ...options }));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'completed';
  } catch (error) {
    if (error instanceof PrimitiveError) return error.code;
    throw error;
  }
}

const inc = num('inc', (n) => n + 1);
const double = num('double', (n) => n * 2);
const broken = num('broken', () => {
  throw new Error('broken');
});

describe('a sequence', () => {
  it('gives each stage the output of the one before it', async () => {
    const result = await run(
      pipe(
        inc,
        double,
        fn('text', (n: number) => `=${n}`),
      ),
      3,
    );
    expectTypeOf(result.output).toEqualTypeOf<string>();
    expect(result.output).toBe('=8');
    expect(result.trace.map((record) => record.path)).toEqual(['inc', 'double']);
  });

  it('is the same plan however it was nested', () => {
    const flat = pipe(inc, double, broken).plan;
    expect(inc.pipe(double).pipe(broken).plan).toEqual(flat);
    expect(inc.pipe(double.pipe(broken)).plan).toEqual(flat);
  });

  it('stops at a failure, with its code and path', async () => {
    await expect(run(pipe(inc, broken, double), 1)).rejects.toMatchObject({
      code: 'step_failed',
      path: 'broken',
    });
  });
});

describe('a step', () => {
  it('is not called when its input does not fit', async () => {
    let calls = 0;
    const p = num('s', (n) => (calls++, n));
    expect(await codeOf(run(p, 'x' as never))).toBe('input_invalid');
    expect(calls).toBe(0);
  });

  it('is tried again when its output does not fit, and when it throws something retryable', async () => {
    let calls = 0;
    const p = num('s', () => (++calls === 1 ? ('x' as never) : calls)).retry({ maxAttempts: 3 });
    expect((await run(p, 1)).output).toBe(2);
  });

  it('[P13.4] waits 1 s, then 2 s, without jitter, and tells how often it was tried', async () => {
    const clock = fakeClock();
    const times: number[] = [];
    const p = num('s', () => {
      times.push(clock.now());
      throw new Error('no');
    }).retry({ maxAttempts: 3, jitter: 0 });
    await expect(clock.runUntil(runInProcess(p, 1, { clock }))).rejects.toThrow('no');
    expect(times.map((at) => at - times[0]!)).toEqual([0, 1000, 3000]);
  });

  it('is not repeated when the error says so', async () => {
    let calls = 0;
    const p = num('s', () => {
      calls++;
      throw new FleetError({ code: 'nope', kind: 'invalid_input', message: 'nope' });
    }).retry();
    expect(await codeOf(run(p, 1))).toBe('nope');
    expect(calls).toBe(1);
  });

  it('has a limit for each attempt that aborts its signal, and its late result is dropped', async () => {
    const clock = fakeClock();
    let aborted = 0;
    const p = num('slow', async (n, ctx) => {
      ctx.signal.addEventListener('abort', () => aborted++);
      await new Promise<void>((resolve) => clock.after(500, resolve));
      return n;
    }).timeout(100);
    expect(await codeOf(clock.runUntil(runInProcess(p, 1, { clock })))).toBe('step_timeout');
    expect(aborted).toBe(1);
    await clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  it('[P13.7] whose handler is deaf fails at its limit, leaves no timer, and its late failure disturbs nobody', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      const late = Promise.withResolvers<number>();
      const deaf = num('deaf', () => late.promise).timeout(20);
      const startedAt = performance.now();
      expect(await codeOf(run(deaf, 1))).toBe('step_timeout');
      delays.push(performance.now() - startedAt - 20);
      expect(timers()).toBe(before);
      late.reject(new Error('too late'));
      // A rejection that nobody handles would be told now, and fail the test run.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Math.min(...delays)).toBeLessThan(50);
  });

  it('gives no value that JSON would change', async () => {
    const p = step({
      name: 's',
      queue: 'q',
      input: z.unknown(),
      output: z.unknown(),
      run: async () => ({ a: [new Date()] }),
    });
    await expect(run(p, 1)).rejects.toMatchObject({
      code: 'not_serializable',
      message: expect.stringContaining('.a[0]'),
    });
  });
});

describe('parallel', () => {
  it('[P13.3] starts all branches together and keeps their order', async () => {
    const clock = fakeClock();
    const slow = num('slow', async (n, ctx) => (await after(clock, 200, ctx), n + 1));
    const fast = num('fast', async (n, ctx) => (await after(clock, 150, ctx), n + 2));
    const p = parallel(slow, fast);
    const result = await clock.runUntil(runInProcess(p, 1, { clock }));
    expectTypeOf(result.output).toEqualTypeOf<[number, number]>();
    expect(result.output).toEqual([2, 3]);
    expect(result.durationMs).toBe(200);
  });

  it('all: the first failure aborts the others, and is the error', async () => {
    const clock = fakeClock();
    let aborted = false;
    const p = parallel({
      bad: num('bad', async (_n, ctx) => {
        await after(clock, 50, ctx);
        throw new Error('first');
      }),
      good: num('good', async (n, ctx) => {
        ctx.signal.addEventListener('abort', () => (aborted = true));
        await after(clock, 5000, ctx);
        return n;
      }),
    });
    const outcome = clock.runUntil(runInProcess(p, 1, { clock }));
    await expect(outcome).rejects.toThrow('first');
    expect(aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('settled: tells the outcome of each', async () => {
    const result = await run(parallel({ a: inc, b: broken }, { join: 'settled' }), 1);
    expect(result.output).toMatchObject({
      a: { status: 'ok', value: 2 },
      b: { status: 'error', error: { code: 'step_failed' } },
    });
  });

  it('settled with failIfNone: fails with the first failure when nothing succeeded', async () => {
    const late = num('late', async (_n, ctx) => {
      await after(clock, 100, ctx);
      throw new Error('late');
    });
    const clock = fakeClock();
    const only = { join: 'settled', failIfNone: true } as const;
    const none = clock.runUntil(runInProcess(parallel({ late, broken }, only), 1, { clock }));
    await expect(none).rejects.toMatchObject({ path: 'broken.broken' });
    const one = await run(parallel({ a: inc, b: broken }, only), 1);
    expect(one.output).toMatchObject({ a: { status: 'ok', value: 2 } });
    expect(
      (
        await run(
          each('none', () => [] as number[], broken, only),
          1,
        )
      ).output,
    ).toEqual([]);
    await expect(
      run(
        each('all', () => [1], broken, only),
        1,
      ),
    ).rejects.toThrow();
  });

  it('atLeast: succeeds as soon as enough did and gives the rest up', async () => {
    const clock = fakeClock();
    const never = num('never', async (n, ctx) => (await after(clock, 60_000, ctx), n));
    const p = parallel({ a: inc, b: double, c: never }, { join: { atLeast: 2 } });
    const result = await clock.runUntil(runInProcess(p, 5, { clock }));
    expect(result.durationMs).toBeLessThan(60_000);
    expect(result.output).toMatchObject({
      a: { status: 'ok', value: 6 },
      b: { status: 'ok', value: 10 },
      c: { status: 'error' },
    });
  });

  it('a diamond comes together again', async () => {
    const p = pipe(
      inc,
      parallel({ b: double, c: num('c', (n) => n - 1) }),
      fn('sum', ({ b, c }: { b: number; c: number }) => b + c),
      num('d', (n) => n),
    );
    expect((await run(p, 1)).output).toBe(5);
  });
});

describe('choices', () => {
  it('when passes the input through when there is nothing else to do', async () => {
    const p = when('big', (n: number) => n > 10, double);
    expect((await run(p, 3)).output).toBe(3);
    expect((await run(p, 30)).output).toBe(60);
    expect((await run(p, 3)).branches).toEqual([{ path: 'big', branch: 'passthrough' }]);
  });

  it('match knows its own keys only', async () => {
    const p = match('kind', (n: number) => (n > 0 ? 'a' : ('constructor' as 'a')), { a: inc });
    expect((await run(p, 1)).output).toBe(2);
    await expect(run(p, -1)).rejects.toMatchObject({
      code: 'no_case',
      message: expect.stringContaining('known: a'),
    });
  });

  it('match lets an unknown key pass only where identity is its default', async () => {
    const p = match('kind', (n: number): string => String(n), { 1: inc }, { default: identity<number>() });
    expect((await run(p, 1)).output).toBe(2);
    expect((await run(p, 7)).output).toBe(7);
  });

  it('a route is chosen once, whatever chance would say later', async () => {
    let asked = 0;
    const p = route('r', { a: num('ra', (n) => n), b: num('rb', (n) => -n) }, (_n, ctx) => {
      asked++;
      return { route: ctx.random() < 2 ? 'b' : 'a', reason: 'weighted' };
    });
    const result = await run(pipe(p, inc), 4);
    expect(result.output).toBe(-3);
    expect(result.branches).toEqual([{ path: 'r', branch: 'b' }]);
    expect(asked).toBeLessThanOrEqual(3);
  });
});

describe('rounds', () => {
  it('each keeps the order of the items, none gives none, too many are refused', async () => {
    const p = each('all', (n: number) => Array.from({ length: n }, (_, i) => i), double, {
      concurrency: 2,
      maxItems: 5,
    });
    expect((await run(p, 4)).output).toEqual([0, 2, 4, 6]);
    expect((await run(p, 0)).output).toEqual([]);
    expect(await codeOf(run(p, 6))).toBe('map_too_large');
  });

  it('each has at most so many items open', async () => {
    const clock = fakeClock();
    let open = 0;
    let most = 0;
    const body = num('b', async (n, ctx) => {
      most = Math.max(most, ++open);
      await after(clock, 10, ctx);
      open--;
      return n;
    });
    await clock.runUntil(
      runInProcess(
        each('e', (n: number) => Array<number>(n).fill(1), body, { concurrency: 3 }),
        10,
        { clock },
      ),
    );
    expect(most).toBe(3);
  });

  it('repeatUntil runs at least once, on its own output, and ends degraded or failed', async () => {
    const until = (maxIterations: number, onExhausted: 'fail' | 'last') =>
      repeatUntil('loop', double, (n) => n > 20, { maxIterations, onExhausted });
    expect((await run(until(10, 'fail'), 3)).output).toBe(24);
    expect(await run(until(2, 'last'), 3)).toMatchObject({ output: 12, isDegraded: true });
    expect(await codeOf(run(until(2, 'fail'), 3))).toBe('iterations_exhausted');
  });

  it('retry around a composite begins it again, on the same input', async () => {
    let calls = 0;
    const flaky = num('flaky', (n) => {
      if (++calls < 3) throw new Error('again');
      return n;
    });
    const result = await run(pipe(inc, flaky).retry({ maxAttempts: 3 }), 1);
    expect(result.output).toBe(2);
    expect(result.trace.map((record) => record.path)).toEqual([
      'inc',
      'flaky',
      '~r2.inc',
      '~r2.flaky',
      '~r3.inc',
      '~r3.flaky',
    ]);
  });
});

describe('limits', () => {
  it('a deadline around a composite holds over pauses, and is named', async () => {
    const p = broken.retry({ maxAttempts: 10, jitter: 0 }).timeout(2500);
    await expect(run(p, 1)).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('timeout(…).fallback(…) answers in time, degraded', async () => {
    const clock = fakeClock();
    const slow = num('slow', async (n, ctx) => (await after(clock, 5000, ctx), n));
    const result = await clock.runUntil(
      runInProcess(slow.timeout(100).fallback(num('quick', () => -1)), 1, { clock }),
    );
    expect(result).toMatchObject({ output: -1, isDegraded: true, durationMs: 100 });
  });

  it('a fallback gets the original input; when all fail the first error is the cause', async () => {
    expect((await run(pipe(inc, broken).fallback(double), 5)).output).toBe(10);
    await expect(
      run(
        broken.fallback(
          num('too', () => {
            throw new Error('too');
          }),
        ),
        1,
      ),
    ).rejects.toMatchObject({
      code: 'fallback_exhausted',
      details: { cause: { message: 'broken' } },
    });
  });

  it('cancelling ends the run, aborts what is active and starts nothing more', async () => {
    const clock = fakeClock();
    const controller = new AbortController();
    let aborted = false;
    const slow = num('slow', async (n, ctx) => {
      ctx.signal.addEventListener('abort', () => (aborted = true));
      await after(clock, 5000, ctx);
      return n;
    });
    const work = runInProcess(pipe(slow, inc), 1, { clock, signal: controller.signal });
    work.catch(() => undefined);
    await clock.advance(10);
    controller.abort('enough');
    expect(await codeOf(work)).toBe('cancelled');
    expect(aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

describe('a saga', () => {
  const undo = (name: string) =>
    step({
      name,
      queue: 'q',
      input: z.any(),
      output: z.any(),
      run: async ({ output }) => void log.push(`${name}(${output})`),
    });

  it('undoes what was done, newest first, once each, and fails with the first error', async () => {
    log.length = 0;
    const p = saga<number>('order')
      .step(inc.named('a'), { compensate: undo('undoA') })
      .step(double.named('b'), { compensate: undo('undoB') })
      .step(broken)
      .step(inc.named('d'), { compensate: undo('undoD') })
      .build();
    await expect(run(p, 1)).rejects.toMatchObject({
      code: 'step_failed',
      details: { compensated: ['order.b~undo', 'order.a~undo'] },
    });
    expect(log).toEqual(['undoB(4)', 'undoA(2)']);
  });

  it('goes on undoing when one undo fails, and says so', async () => {
    log.length = 0;
    const failing = step({
      name: 'undoB',
      queue: 'q',
      input: z.any(),
      output: z.any(),
      run: async () => {
        throw new Error('stuck');
      },
    });
    const p = saga<number>('order')
      .step(inc.named('a'), { compensate: undo('undoA') })
      .step(double.named('b'), { compensate: failing })
      .step(broken)
      .build();
    await expect(run(p, 1)).rejects.toMatchObject({
      code: 'saga_compensation_failed',
      details: { cause: { code: 'step_failed' } },
    });
    expect(log).toEqual(['undoA(2)']);
  });

  it('undoes also when it is cancelled, and the active step too, because nobody knows', async () => {
    log.length = 0;
    const clock = fakeClock();
    const controller = new AbortController();
    const slow = num('slow', async (n, ctx) => (await after(clock, 5000, ctx), n));
    const p = saga<number>('order')
      .step(inc.named('a'), { compensate: undo('undoA') })
      .step(slow, { compensate: undo('undoSlow') })
      .build();
    const work = runInProcess(p, 1, { clock, signal: controller.signal });
    work.catch(() => undefined);
    await clock.advance(10);
    controller.abort('enough');
    expect(await codeOf(clock.runUntil(work))).toBe('cancelled');
    expect(log).toEqual(['undoSlow(undefined)', 'undoA(2)']);
  });
});

describe('signals', () => {
  it('that came first are found, missing ones time out with a value or an error', async () => {
    const approve = waitFor('approval', z.boolean(), {
      timeoutMs: 1000,
      onTimeout: { value: 'nobody' as const },
    });
    expect((await run(approve, null, { signals: { approval: true } })).output).toBe(true);
    expect((await run(approve, null)).output).toBe('nobody');
    expect(await codeOf(run(waitFor('x', z.boolean(), { timeoutMs: 10 }), null))).toBe('deadline_exceeded');
  });
});

describe('definitions', () => {
  it.each([
    ['an empty match', () => match('m', () => 'a' as never, {})],
    ['a wrong name', () => num('1x', (n) => n)],
    ['a limit that is none', () => inc.timeout(0)],
    ['a quorum that cannot be reached', () => parallel({ a: inc }, { join: { atLeast: 2 } })],
    ['nobody at work in a parallel', () => parallel({ a: inc }, { concurrency: 0 })],
    ['half a branch at work', () => parallel({ a: inc }, { concurrency: 0.5 })],
    ['a quorum of nobody', () => each('e', (n: number) => [n], inc, { join: { atLeast: 0 } })],
    ['siblings of one name', () => pipe(inc, inc)],
    ['a loop without rounds', () => repeatUntil('l', inc, () => true, { maxIterations: 0 })],
    ['a saga without steps', () => saga<number>('s').build()],
  ])('%s is refused before anything runs', (_what, define) => {
    expect(define).toThrow(expect.objectContaining({ code: 'definition_error' }));
  });
});
