import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { agent } from '../../../src/primitives/compose/agent.ts';
import { fn, pipe, step } from '../../../src/primitives/compose/combine.ts';
import type { Out } from '../../../src/primitives/compose/primitive.ts';
import { asPrimitive } from '../../../src/primitives/compose/workflow.ts';
import { workflow } from '../../../src/primitives/compose/workflow-builder.ts';
import type { StepNode } from '../../../src/primitives/plan/node.ts';
import { mockPrimitive } from '../../../src/primitives/testing/mock-primitive.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';

const Turn = z.object({ text: z.string() });
const ipa = agent({
  name: 'ipa',
  input: z.object({ text: z.string() }),
  output: z.object({ intent: z.string(), level: z.enum(['safe', 'blocked']) }),
});
const upper = step({
  name: 'upper',
  queue: 'text',
  input: z.string(),
  output: z.string(),
  run: async (text) => text.toUpperCase(),
});
const broken = step({
  name: 'broken',
  queue: 'text',
  input: z.unknown(),
  output: z.string(),
  run: async () => {
    throw new Error('broken');
  },
});
const brokenText = step({
  name: 'brokenText',
  queue: 'text',
  input: z.string(),
  output: z.string(),
  run: async () => {
    throw new Error('broken');
  },
});
const understood = mockPrimitive({ name: 'ipa', returns: { intent: 'move', level: 'safe' } });
const blocked = mockPrimitive({ name: 'ipa', returns: { intent: 'none', level: 'blocked' } });

const base = { version: 1, input: Turn, timeoutMs: 10_000 } as const;

describe('a workflow', () => {
  const talk = workflow({ ...base, name: 'talk', output: z.string() })
    .step('ipa', { agent: ipa, input: ({ input }) => ({ text: input.text }) })
    .route('path', ({ ipa: { level } }) => (level === 'blocked' ? 'blocked' : 'play'), {
      blocked: (w) => w.step('reply', { step: upper, input: () => 'no' }),
      play: (w) =>
        w
          .step('loud', { step: upper, input: ({ input, ipa: { intent } }) => `${input.text} ${intent}` })
          .step('reply', { step: upper, input: ({ loud }) => `${loud}!` }),
    })
    .output(({ path }) => path.reply);

  it('gives each step everything before it, and its paths are the ids', async () => {
    const run = await testRun(asPrimitive(talk), { text: 'go' }, { overrides: { ipa: understood } });
    expect(run).toMatchObject({ status: 'completed', output: 'GO MOVE!' });
    expect(run.trace.map(({ path }) => path)).toEqual(['ipa', 'path.play.loud', 'path.play.reply']);
    expect(run.branches).toEqual([{ path: 'path', branch: 'play' }]);
    expect(understood.lastInput).toEqual({ text: 'go' });
  });

  it('takes one branch only', async () => {
    const run = await testRun(asPrimitive(talk), { text: 'go' }, { overrides: { ipa: blocked } });
    expect(run).toMatchObject({ output: 'NO' });
  });

  it('refuses an input its schema does not know, before any step', async () => {
    const run = await testRun(asPrimitive(talk), { text: 1 } as never, { overrides: { ipa: understood } });
    expect(run).toMatchObject({ status: 'failed', errorCode: 'input_invalid' });
    expect(run.trace).toEqual([]);
  });

  it('is a building block of pipelines and of other workflows', async () => {
    const outer = workflow({ ...base, name: 'outer', output: z.number() })
      .step('said', { step: asPrimitive(talk), input: ({ input }) => ({ text: input.text }) })
      .output(({ said }) => said.length);
    const run = await testRun(
      pipe(
        fn('turn', (text: string) => ({ text })),
        asPrimitive(outer),
      ),
      'go',
      { overrides: { ipa: understood } },
    );
    expect(run).toMatchObject({ status: 'completed', output: 8 });
    expect(run.trace.map(({ path }) => path)).toEqual([
      '1.said.ipa',
      '1.said.path.play.loud',
      '1.said.path.play.reply',
    ]);
  });

  it('runs branches side by side, joined as they say', async () => {
    const w = workflow({ ...base, name: 'both', output: z.array(z.string()) })
      .parallel(
        'sides',
        {
          a: (b) => b.step('x', { step: upper, input: ({ input }) => input.text }),
          b: (b) => b.step('y', { step: broken, input: () => null }),
        },
        { join: 'settled' },
      )
      .output(({ sides }) => [
        sides.a.status === 'ok' ? sides.a.value.x : 'lost',
        sides.b.status === 'ok' ? sides.b.value.y : sides.b.error.code,
      ]);
    expect(await testRun(asPrimitive(w), { text: 'a' })).toMatchObject({ output: ['A', 'step_failed'] });
  });

  it('when: nothing is taken, undefined is left', async () => {
    const w = workflow({ ...base, name: 'maybe', output: z.string() })
      .step('first', { step: upper, input: ({ input }) => input.text })
      .when(
        'more',
        ({ first }) => first === 'A',
        (b) => b.step('x', { step: upper, input: ({ first }) => `${first}b` }),
      )
      .output(({ more }) => more?.x ?? 'nothing');
    expect((await testRun(asPrimitive(w), { text: 'a' })).output).toBe('AB');
    expect((await testRun(asPrimitive(w), { text: 'z' })).output).toBe('nothing');
  });

  it('map: each item with what was before it, in order', async () => {
    const w = workflow({ ...base, name: 'words', output: z.array(z.string()) })
      .map(
        'all',
        ({ input }) => input.text.split(' '),
        (b) =>
          b.step('loud', {
            step: upper,
            input: ({ item, index, input }) => `${index}${item}/${input.text.length}`,
          }),
        { concurrency: 2 },
      )
      .output(({ all }) => all.map(({ loud }) => loud));
    const run = await testRun(asPrimitive(w), { text: 'a b c' });
    expect(run.output).toEqual(['0A/5', '1B/5', '2C/5']);
    expect(run.trace.map(({ path }) => path).sort()).toEqual(['all.0.loud', 'all.1.loud', 'all.2.loud']);
  });

  it('a fallback takes the place of its step, with the same input, or a constant does', async () => {
    const w = workflow({ ...base, name: 'safe', output: z.array(z.unknown()) })
      .step('a', { step: brokenText, input: ({ input }) => input.text, fallback: upper })
      .step('b', { step: broken, input: () => 1, fallback: { value: 'constant' } })
      .step('c', { step: broken, input: () => 1, optional: true })
      .output(({ a, b, c }) => [a, b, c]);
    const run = await testRun(asPrimitive(w), { text: 'x' });
    expect(run).toMatchObject({ output: ['X', 'constant', null], isDegraded: true });
    expect(run.trace.map(({ path }) => path)).toEqual(['a', 'a~f1', 'b', 'c']);
  });

  it('retries and limits are those of the step', () => {
    const w = workflow({ ...base, name: 'limits', output: z.string() })
      .step('a', {
        step: upper,
        input: ({ input }) => input.text,
        timeoutMs: 50,
        retry: { attempts: 4, delayMs: 10 },
        priority: 'high',
      })
      .output(({ a }) => a);
    const [, bound] = w.plan.kind === 'sequence' ? w.plan.stages : [];
    expect(bound?.kind === 'bind' ? (bound.body as StepNode) : null).toMatchObject({
      timeoutMs: 50,
      priority: 'high',
      retry: { maxAttempts: 4, baseDelayMs: 10, factor: 2 },
    });
  });

  it('waits for a payload by the name of the id', async () => {
    const w = workflow({ ...base, name: 'asks', output: z.unknown() })
      .waitFor('approval', z.object({ by: z.string() }), { timeoutMs: 1000, onTimeout: { value: 'nobody' } })
      .output(({ approval }) => approval);
    expect((await testRun(asPrimitive(w), { text: '' })).output).toBe('nobody');
    const signals = { approval: { by: 'me' } };
    expect((await testRun(asPrimitive(w), { text: '' }, { signals })).output).toEqual({ by: 'me' });
  });

  it('calls another workflow, which a test runs with it', async () => {
    const w = workflow({ ...base, name: 'caller', output: z.string() })
      .call('inner', talk, ({ input }) => input)
      .output(({ inner }) => inner);
    const run = await testRun(
      asPrimitive(w),
      { text: 'go' },
      { overrides: { ipa: understood }, workflows: [talk] },
    );
    expect(run.output).toBe('GO MOVE!');
    expect(run.trace[0]?.path).toBe('inner.ipa');
  });

  it('a callback that throws is a fault of the definition', async () => {
    const w = workflow({ ...base, name: 'faulty', output: z.string() })
      .step('a', {
        step: upper,
        input: () => {
          throw new TypeError('oops');
        },
      })
      .output(({ a }) => a);
    expect((await testRun(asPrimitive(w), { text: 'x' })).errorCode).toBe('definition_error');
  });

  it('undoes what steps did, also in a branch that had come to its end', async () => {
    const undoA = mockPrimitive({ name: 'undoA', returns: null });
    const undoB = mockPrimitive({ name: 'undoB', returns: null });
    const w = workflow({ ...base, name: 'booking', output: z.string() })
      .step('a', { step: upper, input: ({ input }) => input.text, compensate: undoA.primitive })
      .when(
        'more',
        () => true,
        (b) => b.step('b', { step: upper, input: ({ a }) => `${a}2`, compensate: undoB.primitive }),
      )
      .step('c', { step: broken, input: () => null })
      .output(({ a }) => a);
    const run = await testRun(asPrimitive(w), { text: 'x' });
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed' });
    expect(run.compensations).toEqual(['more.then.b~undo.undo', 'a~undo.undo']);
    expect(undoA.lastInput).toMatchObject({ input: 'x', output: 'X', error: { code: 'step_failed' } });
    expect(undoB.lastInput).toMatchObject({ input: 'X2', output: 'X2' });
  });
});

describe('a wrong workflow', () => {
  const problemsOf = (define: () => unknown): string[] => {
    try {
      define();
      return [];
    } catch (error) {
      const { code, httpStatus, problems } = error as {
        code: string;
        httpStatus: number;
        problems: object[];
      };
      expect({ code, httpStatus }).toEqual({ code: 'invalid_workflow', httpStatus: 422 });
      return problems.map(
        (problem) => `${(problem as { path: string }).path} ${(problem as { code: string }).code}`,
      );
    }
  };
  const step1 = { step: upper, input: () => 'x' };

  it('is refused with everything that is wrong with it', () => {
    expect(
      problemsOf(() =>
        workflow({ ...base, name: 'Bad name', output: z.unknown() })
          .step('a', { ...step1, timeoutMs: 20_000 })
          .step('a' as 'b', step1)
          .step('1x', step1)
          .step('output' as 'c', step1)
          .when(
            'w',
            () => true,
            (b) => b.step('a' as 'd', step1),
          )
          .output(() => 1),
      ),
    ).toEqual([
      '/output invalid_name',
      '/w/a duplicate_step_name',
      '/name invalid_name',
      '/a/body invalid_timeout',
      ' duplicate_step_name',
      '/1x invalid_name',
      ' duplicate_step_name',
    ]);
  });

  it('has no step, or too many', () => {
    const empty = workflow({ ...base, name: 'empty', output: z.unknown() });
    expect(problemsOf(() => empty.output(() => 1))).toEqual([' empty_workflow']);
    let long = empty.step('s', step1) as typeof empty;
    for (let i = 0; i < 200; i++) long = long.step(`s${i}` as 's', step1) as typeof empty;
    expect(problemsOf(() => long.output(() => 1))).toEqual([' too_many_steps']);
  });
});

describe('types', () => {
  const w = workflow({ ...base, name: 'typed', output: z.object({ length: z.number() }) });

  it('say what each callback sees and what comes out', () => {
    const done = w
      .step('ipa', { agent: ipa, input: ({ input }) => input })
      .step('maybe', { step: upper, input: ({ ipa: { intent } }) => intent, optional: true })
      .map(
        'all',
        () => [1, 2],
        (b) => b.step('x', { step: upper, input: ({ item }) => item.toFixed() }),
      )
      .output(({ all, maybe }) => {
        expectTypeOf(all).toEqualTypeOf<readonly { readonly x: string }[]>();
        expectTypeOf(maybe).toEqualTypeOf<string | null>();
        return { length: all.length };
      });
    const primitive = asPrimitive(done);
    expect(primitive.kind).toBe('timeout');
    expectTypeOf<Out<typeof primitive>>().toEqualTypeOf<{ length: number }>();
  });

  it('refuse what cannot be', () => {
    const wrong = (): void => {
      // @ts-expect-error no such step before it
      w.step('a', { step: upper, input: ({ later }) => later });
      // @ts-expect-error not what the step takes
      w.step('a', { step: upper, input: () => 5 });
      // @ts-expect-error an id is used once
      w.step('a', { step: upper, input: () => 'x' }).step('a', { step: upper, input: () => 'x' });
      // @ts-expect-error not what comes out
      w.output(() => ({ length: 'x' }));
      // @ts-expect-error a key without a branch
      w.route('r', () => 'b', { a: (b) => b });
      w.when(
        'c',
        () => true,
        // @ts-expect-error a branch has no output
        (b) => b.output(() => 1),
      );
      // @ts-expect-error an alternative takes what the step takes
      w.step('a', { step: upper, input: () => 'x', fallback: ipa });
      // @ts-expect-error a compensation is told of the step's own input
      w.step('a', { step: upper, input: () => 'x', compensate: upper });
    };
    expect(wrong).toBeTypeOf('function');
  });
});
