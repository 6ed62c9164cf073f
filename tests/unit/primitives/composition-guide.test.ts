import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agent } from '../../../src/primitives/compose/agent.ts';
import {
  each,
  fn,
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
import { asPrimitive } from '../../../src/primitives/compose/workflow.ts';
import { workflow } from '../../../src/primitives/compose/workflow-builder.ts';
import { defineWorkflow } from '../../../src/primitives/define/define.ts';
import { MemoryEffects } from '../../../src/primitives/effects/memory-effects.ts';
import { runInProcess } from '../../../src/primitives/in-process/run.ts';
import { drawPlan } from '../../../src/primitives/plan/draw.ts';
import type { StepNode } from '../../../src/primitives/plan/node.ts';
import { mockPrimitive } from '../../../src/primitives/testing/mock-primitive.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { blocksShown, regionsOf } from '../../support/guide-regions.ts';

// The examples of docs/composition.md, between its region marks; the guide shows them as they stand here.

// #region steps
const translate = step({
  name: 'translate',
  queue: 'text',
  input: z.object({ text: z.string(), to: z.string() }),
  output: z.string(),
  run: async ({ text, to }, ctx) => {
    ctx.signal.throwIfAborted();
    return `${text} (${to})`;
  },
});
const count = step({
  name: 'count',
  queue: 'text',
  input: z.string(),
  output: z.number(),
  run: async (text) => text.length,
});
const toFrench = fn('to_french', (text: string) => ({ text, to: 'fr' }));
// #endregion

const broken = step({
  name: 'broken',
  queue: 'text',
  input: z.string(),
  output: z.number(),
  run: async () => {
    throw new Error('out of order');
  },
});

describe('the examples of the guide', () => {
  it('sequence', async () => {
    // #region sequence
    const length = pipe(toFrench, translate, count);
    const { output, trace } = await runInProcess(length, 'hello');
    expect(output).toBe(10);
    expect(trace.map(({ path }) => path)).toEqual(['translate', 'count']);
    // #endregion
  });

  it('parallel', async () => {
    // #region parallel
    const both = parallel({ size: count, french: pipe(toFrench, translate) });
    expect((await testRun(both, 'hi')).output).toEqual({ size: 2, french: 'hi (fr)' });

    const whatever = parallel({ good: count, bad: broken }, { join: 'settled' });
    const { output } = await testRun(whatever, 'hi');
    expect(output?.good).toEqual({ status: 'ok', value: 2 });
    expect(output?.bad.status).toBe('error');
    // #endregion
  });

  it('choices', async () => {
    // #region choices
    const short = when(
      'is_long',
      (text: string) => text.length > 3,
      count,
      fn('zero', () => 0),
    );
    expect((await testRun(short, 'abc')).output).toBe(0);

    const byFirst = match('first', (text: string) => (text.startsWith('a') ? 'a' : 'rest'), {
      a: count,
      rest: fn('none', (_text: string) => -1),
    });
    expect((await testRun(byFirst, 'abc')).output).toBe(3);

    const cheapest = route('model', { small: count, large: count.named('count_well') }, (text) => ({
      route: text.length < 100 ? 'small' : 'large',
      reason: 'size',
    }));
    expect((await testRun(cheapest, 'abc')).branches).toEqual([{ path: 'model', branch: 'small' }]);
    // #endregion
  });

  it('rounds', async () => {
    // #region rounds
    const words = each('words', (text: string) => text.split(' '), count, { concurrency: 4 });
    expect((await testRun(words, 'one three')).output).toEqual([3, 5]);

    const grown = repeatUntil(
      'grow',
      fn('twice', (n: number) => n * 2),
      (n) => n > 100,
      { maxIterations: 10 },
    );
    expect((await testRun(grown, 3)).output).toBe(192);
    // #endregion
  });

  it('policies', async () => {
    // #region policies
    const safe = count
      .timeout(2000)
      .retry({ maxAttempts: 3, baseDelayMs: 500 })
      .fallback(fn('guess', (_text: string) => 0));
    const run = await testRun(safe, 'hi', { overrides: { count: broken } });
    expect(run).toMatchObject({ output: 0, isDegraded: true, attempts: { count: 3 } });

    const inTime = pipe(toFrench, translate).timeout(5000);
    expect((await testRun(inTime, 'hi')).output).toBe('hi (fr)');
    // #endregion
  });

  it('saga', async () => {
    // #region saga
    const release = mockPrimitive({ name: 'release' });
    const order = saga<string>('order')
      .step(count, { compensate: release.primitive })
      .step(fn('digits', String))
      .step(broken)
      .build();
    const run = await testRun(order, 'three');
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed' });
    expect(run.compensations).toEqual(['order.count~undo.release']);
    expect(release.lastInput).toMatchObject({ input: 'three', output: 5 });
    // #endregion
  });

  it('context', async () => {
    // #region context
    const visit = step({
      name: 'visit',
      queue: 'text',
      input: z.string(),
      output: z.string(),
      run: async (place, ctx) => {
        const places = (ctx.state['places'] ?? []) as string[];
        ctx.state['places'] = [...places, place];
        ctx.checkpoint(`at ${place}`);
        return `${place} again`;
      },
    });
    const tour = pipe(visit, visit.named('back'));
    const { state, checkpoints } = await runInProcess(tour, 'home', { context: { tags: ['slow'] } });
    expect(state).toEqual({ places: ['home', 'home again'] });
    expect(checkpoints.map(({ name, path }) => `${path}: ${name}`)).toEqual([
      'visit: at home',
      'back: at home again',
    ]);
    // #endregion
  });

  it('effects', async () => {
    // #region effects
    const pay = step({
      name: 'pay',
      queue: 'text',
      input: z.string(),
      output: z.string(),
      savepoint: 'paid',
      run: async (order, ctx) => {
        const receipt = await ctx.memo('receipt', async () => `receipt of ${order}`);
        ctx.effects.setKey(`orders:${order}`, receipt);
        ctx.effects.onRollback('refund', { order });
        return receipt;
      },
    });
    const effects = new MemoryEffects();
    const refunds: unknown[] = [];
    const compensators = { refund: async (args: unknown) => refunds.push(args) };
    const ended = await testRun(pipe(pay, broken), '7', { effects, compensators });
    expect(ended.status).toBe('failed');
    expect([effects.keys.size, refunds]).toEqual([0, [{ order: '7' }]]);

    const kept = await testRun(pipe(pay, broken), '7', { effects, onFailure: 'savepoint:paid' });
    expect([kept.status, effects.keys.get('orders:7')]).toEqual(['failed', 'receipt of 7']);
    // #endregion
  });

  it('signals', async () => {
    // #region signals
    const approved = waitFor('approval', z.object({ by: z.string() }), {
      timeoutMs: 3_600_000,
      onTimeout: { value: null },
    });
    const signals = { approval: { by: 'ada' } };
    expect((await testRun(approved, null, { signals })).output).toEqual({ by: 'ada' });
    expect((await testRun(approved, null)).output).toBeNull();
    // #endregion
  });

  it('workflow', async () => {
    // #region workflow
    const judge = agent({
      name: 'judge',
      input: z.object({ text: z.string() }),
      output: z.object({ level: z.enum(['safe', 'blocked']) }),
    });
    const greet = workflow({
      name: 'greet',
      version: 1,
      input: z.object({ text: z.string() }),
      output: z.string(),
      timeoutMs: 45_000,
    })
      .step('verdict', { agent: judge, input: ({ input }) => input, retry: { attempts: 3 } })
      .route('path', ({ verdict }) => verdict.level, {
        blocked: (w) => w.step('reply', { step: translate, input: () => ({ text: 'no', to: 'fr' }) }),
        safe: (w) =>
          w.step('reply', {
            step: translate,
            input: ({ input }) => ({ text: input.text, to: 'fr' }),
            fallback: { value: '…' },
          }),
      })
      .output(({ path }) => path.reply);

    const safe = mockPrimitive({ name: 'judge', returns: { level: 'safe' } });
    const run = await testRun(asPrimitive(greet), { text: 'hi' }, { overrides: { judge: safe } });
    expect(run.output).toBe('hi (fr)');
    expect(run.paths).toEqual(['verdict', 'path.safe.reply']);
    // #endregion
  });

  it('calls', async () => {
    // #region calls
    const inner = workflow({
      name: 'measure_it',
      version: 1,
      input: z.object({ text: z.string() }),
      output: z.number(),
    })
      .step('size', { step: count, input: ({ input }) => input.text })
      .output(({ size }) => size);
    const outer = workflow({ name: 'call_it', version: 1, input: z.string(), output: z.string() })
      .call('measured', inner, ({ input }) => ({ text: input }))
      .output(({ measured }) => `${measured} letters`);
    const called = await testRun(asPrimitive(outer), 'hello', { workflows: [inner] });
    expect(called.output).toBe('5 letters');
    // #endregion
  });

  it('json', async () => {
    const agents = { count: { step: count.plan as StepNode } };
    // #region json
    const defined = defineWorkflow(
      {
        name: 'measure',
        version: 1,
        nodes: [
          { kind: 'step', id: 'size', agent: 'count', input: { $ref: 'input.text' } },
          {
            kind: 'when',
            id: 'again',
            test: { ref: 'steps.size', op: 'gt', value: 3 },
            do: [{ kind: 'step', id: 'more', agent: 'count', input: 'a long text' }],
          },
        ],
        output: { size: { $ref: 'steps.size' }, more: { $ref: 'steps.again.more' } },
      },
      { agents },
    );
    const { output } = await testRun(asPrimitive(defined), { text: 'hello' });
    expect(output).toEqual({ size: 5, more: 11 });
    // #endregion
  });

  it('draw', () => {
    // #region draw
    const drawn = drawPlan(pipe(toFrench, translate, parallel(count, count.named('twice'))).plan, 'json');
    expect(drawn.hash).toHaveLength(64);
    expect(drawn.notes.map(({ path, rule }) => `${path}: ${rule}`)).toEqual(['2: unnamed_composite']);
    // #endregion
  });
});

it('the guide shows these examples as they are', () => {
  expect(blocksShown('docs/composition.md')).toEqual(regionsOf(import.meta.filename));
});
