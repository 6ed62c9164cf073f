import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { currentCorrelation } from '../../../src/observability/correlation.ts';
import { each, fn, parallel, pipe, route, saga, step } from '../../../src/primitives/compose/combine.ts';
import type { Primitive } from '../../../src/primitives/compose/primitive.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import { MOST_CHECKPOINTS, type StepContext } from '../../../src/primitives/step-context.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';

function work(name: string, run: (ctx: StepContext) => unknown): Primitive<unknown, unknown> {
  return step({
    name,
    queue: 'ipa',
    input: z.unknown(),
    output: z.unknown(),
    run: async (_, ctx) => run(ctx) ?? null,
  });
}

const put = (name: string, value: unknown): Primitive<unknown, unknown> =>
  work(name, (ctx) => void (ctx.state[name] = value));
const see = (name = 'see'): Primitive<unknown, unknown> => work(name, (ctx) => structuredClone(ctx.state));
const fails = work('fails', (ctx) => {
  ctx.state['fails'] = true;
  throw Object.assign(new Error('no'), { retryable: false });
});

describe('the state of a run', () => {
  it('is seen by later stages, also by glue and conditions', async () => {
    const plan = pipe(
      put('a', 1),
      fn('glue', (_, ctx) => ctx.state),
      put('b', 2),
      see(),
    );
    expect((await testRun(plan, null)).output).toEqual({ a: 1, b: 2 });
  });

  it('begins as it was given, and a run tells how it was left', async () => {
    const ended = await runInProcess(put('a', 1), null, { context: { state: { begun: true } } });
    expect(ended.state).toEqual({ begun: true, a: 1 });
  });

  it('is a copy in each branch; what branches write is dropped unless it is merged', async () => {
    const sides = { one: pipe(put('a', 1), see('x')), two: pipe(put('b', 2), see('y')) };
    expect((await testRun(pipe(put('c', 3), parallel(sides), see()), null)).output).toEqual({ c: 3 });
    expect((await testRun(pipe(put('c', 3), parallel(sides)), null)).output).toEqual({
      one: { c: 3, a: 1 },
      two: { c: 3, b: 2 },
    });
    const merged = parallel(sides, {
      mergeState: (parent, branches) => Object.assign({ ...parent }, ...branches),
    });
    expect((await testRun(pipe(put('c', 3), merged, see()), null)).output).toEqual({ a: 1, b: 2, c: 3 });
    const items = each('all', () => [1, 2], put('d', 4), {
      mergeState: (parent, branches) => ({ ...parent, count: branches.length }),
    });
    expect((await testRun(pipe(items, see()), null)).output).toEqual({ count: 2 });
  });

  it('of a failed attempt is discarded, and that of what a fallback or another attempt replaces', async () => {
    let attempt = 0;
    const second = work('second', (ctx) => {
      ctx.state[`attempt_${attempt++}`] = true;
      if (attempt < 2) throw new Error('again');
    });
    expect((await testRun(pipe(second.retry({ maxAttempts: 2 }), see()), null)).output).toEqual({
      attempt_1: true,
    });
    const replaced = pipe(put('half', 1), fails).fallback(put('other', 2));
    expect((await testRun(pipe(replaced, see()), null)).output).toEqual({ other: 2 });
  });

  it('is seen by undos as the failed step found it', async () => {
    const seen: unknown[] = [];
    const undo = work('undo', (ctx) => void seen.push(structuredClone(ctx.state)));
    await testRun(saga<unknown>('s').step(put('a', 1), { compensate: undo }).step(fails).build(), null);
    expect(seen).toEqual([{ a: 1 }]);
  });

  it('remembers what routers chose', async () => {
    const chosen = route<unknown, unknown, 'left' | 'right'>(
      'way',
      { left: put('l', 1), right: put('r', 1) },
      () => ({
        route: 'right',
        reason: 'chance',
      }),
    );
    expect((await testRun(pipe(chosen, see()), null)).output).toEqual({
      r: 1,
      routing_history: [{ router: 'way', route: 'right', reason: 'chance' }],
    });
  });

  it('is JSON of at most 64 KiB', async () => {
    const large = work('large', (ctx) => void (ctx.state['text'] = 'x'.repeat(70_000)));
    expect(await testRun(large, null)).toMatchObject({ errorCode: 'context_invalid' });
    const odd = work('odd', (ctx) => void (ctx.state['n'] = 1n));
    expect(await testRun(odd, null)).toMatchObject({ errorCode: 'context_invalid' });
    const ring = { state: { text: 'x'.repeat(70_000) } };
    await expect(runInProcess(put('a', 1), null, { context: ring })).rejects.toMatchObject({
      code: 'context_invalid',
    });
  });
});

describe('the context of a step', () => {
  it('carries baggage, tags, what caused the run and its deadline', async () => {
    const context = { baggage: { tenant: 'blue' }, tags: ['night'], causation_id: 'cause-1' };
    const told = work('told', ({ baggage, tags, causationId, deadlineAtMs }) => ({
      baggage,
      tags,
      causationId,
      isLimited: deadlineAtMs !== null,
    }));
    const { output } = await runInProcess(told, null, { context, timeoutMs: 1000 });
    expect(output).toEqual({
      baggage: { tenant: 'blue' },
      tags: ['night'],
      causationId: 'cause-1',
      isLimited: true,
    });
  });

  it.each([
    { baggage: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v'])) },
    { baggage: { a: 'x'.repeat(4000), b: 'x'.repeat(4000), c: 'x'.repeat(400) } },
    { tags: Array.from({ length: 33 }, String) },
  ])('has limits (%#)', async (context) => {
    await expect(runInProcess(see(), null, { context })).rejects.toMatchObject({ code: 'context_invalid' });
  });

  it('notes moments, the newest of many', async () => {
    const noting = work('noting', (ctx) => {
      for (let index = 0; index <= MOST_CHECKPOINTS; index += 1) ctx.checkpoint(`c${index}`);
    });
    const { checkpoints } = await runInProcess(
      pipe(
        noting,
        work('then', (ctx) => ctx.checkpoint('last')),
      ),
      null,
    );
    expect(checkpoints).toHaveLength(MOST_CHECKPOINTS);
    expect(checkpoints.at(-1)).toMatchObject({ name: 'last', path: 'then' });
    expect(checkpoints[0]).toMatchObject({ name: 'c2', path: 'noting' });
  });

  it('is inherited by a run inside a handler, and by log lines', async () => {
    const seen: unknown[] = [];
    const inner = work('inner', (ctx) => {
      seen.push(ctx.correlationId, ctx.baggage, ctx.causationId, structuredClone(ctx.state));
      seen.push(currentCorrelation().correlation_id);
      ctx.state['inner'] = true;
    });
    const outer = step({
      name: 'outer',
      queue: 'ipa',
      input: z.unknown(),
      output: z.unknown(),
      run: async (_, ctx) => {
        ctx.state['outer'] = true;
        await runInProcess(inner, null, ctx.child());
        return structuredClone(ctx.state);
      },
    });
    const options = { runId: 'wf_1', correlationId: 'corr', context: { baggage: { tenant: 'blue' } } };
    const { output } = await runInProcess(outer, null, options);
    expect(seen).toEqual(['corr', { tenant: 'blue' }, 'wf_1.outer', { outer: true }, 'corr']);
    expect(output).toEqual({ outer: true });
  });
});
