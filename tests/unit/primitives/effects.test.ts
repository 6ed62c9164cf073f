import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asPrimitive } from '../../../src/primitives/compose/workflow.ts';
import { each, fn, parallel, pipe } from '../../../src/primitives/compose/combine.ts';
import { make } from '../../../src/primitives/compose/make.ts';
import type { StepContext } from '../../../src/primitives/step-context.ts';
import { remembered } from '../../../src/primitives/compose/remembered.ts';
import { workflow } from '../../../src/primitives/compose/workflow-builder.ts';
import { defineWorkflow } from '../../../src/primitives/define/define.ts';
import { EffectBuffer } from '../../../src/primitives/effects/effect-buffer.ts';
import { MemoryEffects, MemoryLedger } from '../../../src/primitives/effects/memory-effects.ts';
import { createCache } from '../../../src/primitives/cache/cache.ts';
import { agent } from '../../../src/primitives/compose/agent.ts';
import { childrenOf } from '../../../src/primitives/plan/children.ts';
import type { PlanNode, StepNode } from '../../../src/primitives/plan/node.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';
import { broken, chain, doing } from '../../support/effect-plans.ts';

const setting = (name: string, value: string, options = {}) =>
  doing(`set_${name}_${value}`, (ctx) => ctx.effects.setKey(name, value), options);

describe('effects in process', () => {
  const plan = chain([
    setting('a', '1'),
    setting('b', '1', { savepoint: 'half' }),
    doing('more', (ctx) => {
      ctx.effects.setKey('a', '2');
      ctx.effects.writeFile('f.txt', 'text');
      ctx.effects.onRollback('refund', 5);
    }),
  ]);

  it('happen with the success of their steps, and stay when the run completes', async () => {
    const effects = new MemoryEffects();
    expect(await testRun(plan, 0, { effects })).toMatchObject({ status: 'completed' });
    expect(Object.fromEntries(effects.keys)).toEqual({ a: '2', b: '1' });
    expect(effects.files.get('f.txt')?.toString()).toBe('text');
  });

  it.each([
    [undefined, { a: 'old' }, [5]],
    ['keep', { a: '2', b: '1' }, []],
    ['savepoint:half', { a: '1', b: '1' }, [5]],
  ] as const)(
    'after a failure with onFailure %s are undone as on the fleet',
    async (onFailure, kept, calls) => {
      const effects = new MemoryEffects();
      effects.keys.set('a', 'old');
      const refunds: unknown[] = [];
      const run = await testRun(chain([plan, broken]), 0, {
        effects,
        compensators: { refund: async (args) => void refunds.push(args) },
        ...(onFailure === undefined ? {} : { onFailure }),
      });
      expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed' });
      expect(Object.fromEntries(effects.keys)).toEqual(kept);
      expect(refunds).toEqual(calls);
    },
  );

  it('of an attempt that failed do not happen, nor does what a handler asks for too late', async () => {
    const effects = new MemoryEffects();
    const late = Promise.withResolvers<unknown>();
    const step = doing('work', (ctx) => {
      ctx.effects.setKey(`attempt_${ctx.attempt}`, 'x');
      if (ctx.attempt === 1) throw new Error('again');
      setTimeout(() => {
        try {
          ctx.effects.setKey('late', 'x');
        } catch (error) {
          late.resolve(error);
        }
      });
    });
    await testRun(step.retry({ maxAttempts: 2 }), 0, { effects });
    expect([...effects.keys.keys()]).toEqual(['attempt_2']);
    expect(await late.promise).toMatchObject({ code: 'effect_refused' });
  });

  it('are refused to a cached step, which is not always called', async () => {
    const cached = setting('a', '1').cached({ scope: 'global' });
    expect(await testRun(cached, 0, { cache: createCache({}) })).toMatchObject({
      status: 'failed',
      errorCode: 'effect_refused',
    });
  });

  it('what cannot be undone is told and may be undone later', async () => {
    const effects = new MemoryLedger(new MemoryEffects());
    effects.apply('pay', [{ kind: 'compensator', name: 'refund', args: 1 }], null);
    const about = { runId: 'wf_1', signal: new AbortController().signal };
    expect(await effects.rollBack('start', { ...about, compensators: {} })).toMatchObject({
      executed: 0,
      errors: [{ step: 'pay', code: 'undo_unavailable' }],
    });
    const keys: string[] = [];
    const compensators = {
      refund: async (_: unknown, ctx: { idempotencyKey: string }) => keys.push(ctx.idempotencyKey),
    };
    expect(await effects.rollBack('start', { ...about, compensators })).toMatchObject({
      executed: 1,
      errors: [],
    });
    expect(keys).toEqual(['wf_1.pay~undo.1']);
  });

  it('a call is remembered by later attempts of its step, and by no other step', async () => {
    const asked: string[] = [];
    const work = (name: string) =>
      doing(name, async (ctx) => {
        const said = await ctx.memo('said', async () => {
          asked.push(`${name} ${ctx.attempt}`);
          return { by: name };
        });
        if (ctx.attempt === 1) throw new Error('again');
        return said;
      }).retry({ maxAttempts: 2 });
    const run = await testRun(chain([work('one'), work('two')]), 0);
    expect(run.output).toEqual({ by: 'two' });
    expect(asked).toEqual(['one 1', 'two 1']);
  });
});

describe('a remembered step', () => {
  it('is not called again, nor is what is around its call', async () => {
    const calls: number[] = [];
    const counted = remembered(doing('count', () => calls.push(1)));
    const { plan } = counted;
    if (plan.kind !== 'step' || plan.run === undefined) throw new Error('it is a step');
    const run = plan.run as (input: unknown, ctx: StepContext) => Promise<unknown>;
    const breaking = doing('breaking', async (ctx) => {
      const output = await run(0, ctx);
      if (ctx.attempt === 1) throw new Error('after the call');
      return { output };
    }).retry({ maxAttempts: 2 });
    expect((await testRun(breaking, 0)).output).toEqual({ output: 1 });
    expect(calls).toHaveLength(1);
  });

  it('has a handler', () => {
    const { plan } = agent({ name: 'a', input: z.unknown(), output: z.unknown() });
    expect(() => remembered(make(plan))).toThrow(/a step with a handler/);
    expect(() => remembered(pipe(broken, broken.named('again')))).toThrow(/not on a sequence/);
  });
});

describe('what a handler asks for', () => {
  const buffer = (): EffectBuffer => new EffectBuffer();

  it.each([
    ['a key with a strange name', () => buffer().setKey('a b', '1')],
    ['a key that climbs', () => buffer().setKey('../x', '1')],
    ['an empty key', () => buffer().deleteKey('')],
    ['a value that is no text', () => buffer().setKey('a', 1 as never)],
    ['a value that is too large', () => buffer().setKey('a', 'x'.repeat(262_145))],
    ['a life of no time', () => buffer().setKey('a', '1', { ttlSeconds: 0 })],
    ['a file above its folder', () => buffer().writeFile('../x', '')],
    ['a file somewhere above, in between', () => buffer().writeFile('a/../../x', '')],
    ['an absolute file', () => buffer().writeFile('/etc/x', '')],
    ['a file with another separator', () => buffer().writeFile('a\\..\\x', '')],
    ['a file that ends in nothing', () => buffer().writeFile('a/', '')],
    ['a file without a name', () => buffer().writeFile('', '')],
    ['the folder itself', () => buffer().writeFile('.', '')],
    ['a file with a null', () => buffer().writeFile('a\0b', '')],
    ['arguments JSON would change', () => buffer().onRollback('x', { at: new Date(0) })],
    ['a compensator without a name', () => buffer().onRollback('', 1)],
  ])('is refused when it is %s', (_what, ask) => {
    expect(ask).toThrow(expect.objectContaining({ code: 'effect_refused', retryable: false }));
  });

  it('is bounded in number', () => {
    const full = buffer();
    for (let n = 0; n < 100; n++) full.setKey(`k${n}`, '');
    expect(() => full.setKey('one_more', '')).toThrow(/at most 100/);
  });
});

describe('savepoints in a definition', () => {
  const base = { name: 'p', version: 1, input: z.unknown(), output: z.unknown() } as const;
  const one = setting('a', '1');

  it('of the builder are made by its steps, and named by the path without a name', async () => {
    const made = workflow({ ...base, onFailure: 'savepoint:paid' })
      .step('pay', { step: one, input: () => 1, savepoint: 'paid' })
      .step('send', { step: one, input: () => 1, savepoint: true })
      .step('fail', { step: broken, input: () => 1 })
      .output(() => null);
    const stepsOf = (node: PlanNode): (true | string | undefined)[] =>
      node.kind === 'step' ? [node.savepoint] : childrenOf(node).flatMap((child) => stepsOf(child.node));
    expect(stepsOf(made.plan)).toEqual(['paid', true, undefined]);
    const effects = new MemoryEffects();
    const options = { effects, onFailure: 'savepoint:send' } as const;
    expect(await testRun(asPrimitive(made), 0, options)).toMatchObject({ status: 'failed' });
    expect(effects.keys.get('a')).toBe('1');
  });

  it('are given once, and not where the plan repeats itself', () => {
    const named = setting('a', '1', { savepoint: 'here' });
    expect(() => pipe(named, named.named('again'))).toThrow(/two savepoints are called "here"/);
    expect(() => parallel({ a: named, b: named })).toThrow(/two savepoints/);
    expect(() => each('all', (list: unknown[]) => list, named)).toThrow(/every round/);
    expect(() => setting('a', '1', { savepoint: 'start' })).toThrow(/no name of a savepoint/);
    expect(() => setting('a', '1', { savepoint: 'two words' })).toThrow(/no name of a savepoint/);
    const byPath = each('all', (list: unknown[]) => list, setting('a', '1', { savepoint: true }));
    return expect(testRun(byPath, [1, 2]).then(({ status }) => status)).resolves.toBe('completed');
  });

  it('are checked in JSON, with what should happen on a failure', () => {
    const stepOf = (name: string): StepNode =>
      agent({ name, input: z.unknown(), output: z.unknown() }).plan as StepNode;
    const agents = { ipa: { step: stepOf('ipa') } };
    const node = (id: string, savepoint?: unknown) => ({
      kind: 'step',
      id,
      agent: 'ipa',
      input: 1,
      ...(savepoint === undefined ? {} : { savepoint }),
    });
    const define = (nodes: unknown[], onFailure?: string) =>
      defineWorkflow(
        { name: 'p', nodes, output: null, ...(onFailure === undefined ? {} : { on_failure: onFailure }) },
        { agents },
      );
    const problems = (...args: Parameters<typeof define>): string[] => {
      try {
        define(...args);
        return [];
      } catch (error) {
        return (error as { problems: { path: string; code: string }[] }).problems.map(
          ({ path, code }) => `${code} ${path}`,
        );
      }
    };
    expect(define([node('a', 'half'), node('b', true)], 'savepoint:half').onFailure).toBe('savepoint:half');
    expect(define([node('a')], 'keep').onFailure).toBe('keep');
    expect(problems([node('a', 'half'), node('b', 'half')])).toEqual([
      expect.stringMatching(/^duplicate_savepoint /),
    ]);
    expect(problems([node('a')], 'savepoint:half')).toEqual(['unknown_savepoint /on_failure']);
    expect(problems([node('a')], 'sometimes')).toEqual(['invalid_definition /on_failure']);
    expect(problems([node('a', false)])).toEqual([expect.stringMatching(/^invalid_definition /)]);
  });

  it('are made by steps alone', () => {
    const larger = pipe(
      one,
      fn('same', (value: unknown) => value),
    );
    expect(() =>
      workflow(base)
        .step('both', { step: larger, input: () => 1, savepoint: 'x' })
        .output(() => null),
    ).toThrow(/only a step makes a savepoint, not a sequence/);
  });
});
