import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { advance } from '../../../src/primitives/advance/advance.ts';
import type { Facts } from '../../../src/primitives/advance/facts.ts';
import { fn, parallel, pipe, route, saga, waitFor } from '../../../src/primitives/compose/combine.ts';
import { fakeClock } from '../../../src/primitives/testing/fake-clock.ts';
import { mockPrimitive } from '../../../src/primitives/testing/mock-primitive.ts';
import { differences, disagreements } from '../../../src/primitives/testing/run-outcome.ts';
import { inProcessRunner, testRun } from '../../../src/primitives/testing/test-run.ts';

const ok = (name: string) => mockPrimitive({ name, returns: name }).primitive;
const broken = (name: string) => mockPrimitive({ name, throws: new Error(name) }).primitive;
const NOTHING: Facts = { results: {}, errors: {}, decisions: {}, signals: {}, nowMs: 1000 };
const CANCELLED = { code: 'cancelled', message: 'enough', path: '' } as const;

/** A double that takes its time. */
function slow(name: string, delayMs: number, clock = fakeClock()) {
  return mockPrimitive({ name, returns: name, delayMs, clock }).primitive;
}

describe('wrappers directly around each other', () => {
  it('keep their limits apart', async () => {
    const clock = fakeClock();
    const body = pipe(slow('a', 500, clock), slow('b', 500, clock));
    const run = await testRun(body.timeout(100).fallback(ok('quick')).timeout(5000), 1, { clock });
    expect(run).toMatchObject({ status: 'completed', output: 'quick', durationMs: 100 });
  });

  it('keep their attempts apart', async () => {
    const twice = { maxAttempts: 2, jitter: 0, baseDelayMs: 10 };
    const run = await testRun(pipe(ok('a'), broken('b')).retry(twice).retry(twice), 1);
    expect(run.trace.filter(({ name }) => name === 'b')).toHaveLength(4);
  });

  it('keep their alternatives apart', async () => {
    const run = await testRun(broken('a').fallback(broken('b')).fallback(ok('b')), 1);
    expect(run).toMatchObject({ status: 'completed', output: 'b' });
  });
});

describe('giving up', () => {
  const failure = { code: 'step_failed', message: 'no', path: 'a', retryable: true, at: 1 };

  it('leaves what an alternative, another attempt or being skipped had come to', () => {
    const plan = pipe(broken('a').fallback(ok('b')), ok('c')).plan;
    const facts = { ...NOTHING, errors: { '0.a': failure }, results: { '0~f1.b': 'b' }, ending: CANCELLED };
    expect(advance(plan, 1, facts).abandon.map(({ path }) => path)).toEqual(['c']);
  });

  it('lets the winner of a join win, also when it won by an alternative', async () => {
    const clock = fakeClock();
    const p = parallel(
      { a: broken('a').fallback(ok('b')), never: slow('never', 60_000, clock) },
      { join: { atLeast: 1 } },
    );
    expect(await testRun(p, 1, { clock })).toMatchObject({
      status: 'completed',
      output: { a: { status: 'ok', value: 'b' }, never: { status: 'error' } },
    });
  });

  it('does not wait for the pause of a retry', async () => {
    const clock = fakeClock();
    const controller = new AbortController();
    clock.after(100, () => controller.abort('enough'));
    const pausing = pipe(ok('a'), broken('b')).retry({ maxAttempts: 2, baseDelayMs: 60_000, jitter: 0 });
    const run = await testRun(pausing, 1, { clock, signal: controller.signal });
    expect(run).toMatchObject({ status: 'cancelled', durationMs: 100 });
  });

  it('an attempt for which no time was left is not begun only to be given up', () => {
    const { plan } = pipe(ok('a'), ok('b')).retry({ jitter: 0 }).timeout(100);
    const decisions = { '~due': 1100, '~p1': 5000, '~expired': true };
    const next = advance(plan, 1, { ...NOTHING, nowMs: 1200, decisions, errors: { a: failure } });
    expect(next.abandon).toEqual([]);
    expect(next.outcome).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } });
  });

  it('a signal that comes after its time, or after it was given up, changes nothing', () => {
    const { plan } = waitFor('s', z.string(), { timeoutMs: 10, onTimeout: { value: 'late' } });
    const decisions = { 's~due': 1010, 's~expired': true };
    const signals = { s: 'here' };
    expect(advance(plan, 1, { ...NOTHING, decisions, signals }).outcome).toEqual({
      state: 'done',
      value: 'late',
    });
    const open = { ...NOTHING, decisions: { 's~due': 1010 }, ending: CANCELLED };
    const { abandon } = advance(plan, 1, open);
    const errors = Object.fromEntries(abandon.map(({ path, error }) => [path, error]));
    expect(advance(plan, 1, { ...open, errors, signals }).outcome).toMatchObject({ state: 'failed' });
  });

  it('of several failures the one recorded as the first stays the first', () => {
    const late = fn('late', () => {
      throw new Error('late');
    });
    const { plan } = parallel({ a: pipe(ok('a'), late), b: broken('b') });
    const facts = { ...NOTHING, results: { 'a.a': 1 }, errors: { 'b.b': { ...failure, at: 900 } } };
    const decided = advance(plan, 1, facts).decide;
    expect(decided).toEqual([{ key: '~join', value: { failed: 1 } }]);
    const decisions = { '~join': { failed: 0 } };
    const { outcome } = advance(plan, 1, { ...facts, decisions });
    expect(outcome).toMatchObject({ state: 'failed', error: { message: 'late' } });
  });
});

describe('a saga inside something else', () => {
  it('is undone with the saga around it, wherever it stands', async () => {
    const undoes = [mockPrimitive({ name: 'undo1' }), mockPrimitive({ name: 'undo2' })] as const;
    const inner = saga<unknown>('inner').step(ok('a'), { compensate: undoes[0].primitive }).build();
    const nested = pipe(
      fn('same', (n: unknown) => n),
      inner,
    );
    const outer = saga<unknown>('outer')
      .step(ok('first'), { compensate: undoes[1].primitive })
      .step(parallel({ x: nested }))
      .step(broken('last'))
      .build();
    const run = await testRun(outer, 1);
    expect(run.compensations).toEqual(['outer.1.x.inner.a~undo.undo1', 'outer.first~undo.undo2']);
    expect(undoes.map(({ callCount }) => callCount)).toEqual([1, 1]);
  });

  it('that ended before a later stage of its own step failed is undone too', async () => {
    const undo = mockPrimitive({ name: 'undo1' });
    const inner = saga<unknown>('inner').step(ok('a'), { compensate: undo.primitive }).build();
    const outer = saga<unknown>('outer')
      .step(pipe(inner, broken('b')))
      .build();
    await testRun(outer, 1);
    expect(undo.callCount).toBe(1);
  });

  it('is looked back at without being walked again, however deep they are nested', async () => {
    const done = mockPrimitive({ name: 'done', returns: 1 });
    const undo = mockPrimitive({ name: 'undo' });
    const DEPTH = 28;
    let nested = saga<unknown>(`s${DEPTH}`).step(broken('last')).build();
    for (let level = DEPTH - 1; level > 0; level--) {
      nested = saga<unknown>(`s${level}`)
        .step(done.primitive, { compensate: undo.primitive })
        .step(nested)
        .build();
    }
    // Each level once more for every level around it would take hours.
    const run = await testRun(nested, null);
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed' });
    expect(run.compensations).toHaveLength(DEPTH - 1);
    expect(undo.callCount).toBe(DEPTH - 1);
  });
});

describe('testing', () => {
  it('a seed fixes what chance decides', async () => {
    const p = route('r', { a: ok('a'), b: ok('b') }, (_n, ctx) => ({
      route: ctx.random() < 0.5 ? 'a' : 'b',
      reason: 'chance',
    }));
    const outputs = async (seed: number) => (await testRun(p, 1, { seed })).output;
    expect(await outputs(7)).toBe(await outputs(7));
    const many = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(outputs));
    expect(new Set(many).size).toBe(2);
  });

  it('a double remembers its calls, answers in turn, and says when it has no answer', async () => {
    const double = mockPrimitive({ name: 'd', sequence: [new Error('first'), 'second'] });
    const run = await testRun(double.primitive.retry({ maxAttempts: 2 }), { n: 1 });
    expect(run).toMatchObject({ output: 'second', attempts: { d: 2 } });
    expect(double.calls.map(({ attempt, settled, input }) => ({ attempt, settled, input }))).toEqual([
      { attempt: 1, settled: 'error', input: { n: 1 } },
      { attempt: 2, settled: 'ok', input: { n: 1 } },
    ]);
    await expect(testRun(double.primitive, 1)).rejects.toThrow('was called 3 times; it has 2 answers');
    double.reset();
    expect(double.callCount).toBe(0);
  });

  it('two runners are compared by what holds for both', async () => {
    const cases = [
      { name: 'fine', plan: pipe(ok('a'), ok('b')).plan, input: 1 },
      { name: 'failing', plan: pipe(ok('a'), broken('b')).plan, input: 1 },
    ];
    expect(await disagreements(cases, inProcessRunner, inProcessRunner)).toEqual({});
    const [fine, failing] = await Promise.all(cases.map(inProcessRunner));
    expect(differences(fine!, failing!)).toEqual([
      'status: "completed" / "failed"',
      'output: "b" / undefined',
      'errorCode: undefined / "step_failed"',
      'errorPath: undefined / "b"',
    ]);
    const forgetful = async () => ({ ...fine!, paths: ['b', 'a'] });
    expect(await disagreements(cases.slice(0, 1), inProcessRunner, forgetful)).toHaveProperty('fine');
    expect(await disagreements(cases.slice(0, 1), inProcessRunner, forgetful, { order: 'set' })).toEqual({});
  });
});
