import { describe, expect, it } from 'vitest';
import { fn, pipe } from '../../src/entries/primitives.ts';
import {
  conformance,
  durableHarness,
  fakeClock,
  mockPrimitive,
  primitiveMatchers,
  testRun,
  type PrimitiveMatchers,
} from '../../src/entries/primitives-testing.ts';
import { blocksShown, regionsOf } from '../support/guide-regions.ts';
import { booking } from '../support/guide-plans.ts';

// The examples of docs/testing.md, between its region marks; the guide shows them as they stand here.

// #region matchers
expect.extend(primitiveMatchers);

declare module 'vitest' {
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends PrimitiveMatchers<R> {}
}
// #endregion

describe('the guide to testing', () => {
  it('runs without waiting', async () => {
    // #region run
    const charge = mockPrimitive({ name: 'charge', throws: new Error('no money') });
    const release = mockPrimitive({ name: 'release', returns: 'free' });
    const run = await testRun(booking, 'suite', { overrides: { charge, release } });
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed' });
    expect(run.compensations).toEqual(['trip.reserve~undo.release']);
    // #endregion

    // #region calls
    expect(charge).toHaveRunTimes(1);
    expect(charge).toHaveRunWith('suite for you');
    expect(charge).toHaveRunBefore(release);
    expect(release.lastInput).toEqual({ input: 'suite' });
    expect(release.fn).toHaveBeenCalledOnce();
    // #endregion
  });

  it('answers in turn', async () => {
    // #region sequence
    const clock = fakeClock();
    const model = mockPrimitive({
      name: 'model',
      sequence: [new Error('busy'), new Error('busy'), 'hello'],
      delayMs: 300,
      clock,
    });
    const patient = model.primitive.retry({ maxAttempts: 3, baseDelayMs: 1000, jitter: 0 });
    const run = await testRun(patient, null, { clock });
    expect(run).toMatchObject({ output: 'hello', durationMs: 300 + 1000 + 300 + 2000 + 300 });
    // #endregion
  });

  it('runs on a fleet', async () => {
    // #region fleet
    await using harness = await durableHarness({
      plans: new URL('../support/guide-plans.ts', import.meta.url),
    });
    const run = await harness.run('booking', 'room 7');
    expect(run).toMatchObject({ status: 'completed', paths: ['trip.reserve', 'trip.charge'] });
    // #endregion

    // #region kill
    const victim = await harness.kill('worker', { at: 'step.after_effect', path: 'trip.reserve' });
    const survivor = await harness.run('booking', 'suite');
    expect(await victim.gone).toEqual({ code: null, signal: 'SIGKILL' });
    expect(survivor).toMatchObject({ status: 'failed', compensations: ['trip.reserve~undo.release'] });
    // #endregion

    // #region freeze
    const frozen = await harness.freeze('coordinator', { at: 'run.before_settle' });
    const runId = await harness.start('booking', 'room 7');
    await frozen.stands;
    const ended = await harness.ended(runId);
    frozen.thaw();
    await frozen.retire();
    expect(await harness.ended(runId)).toEqual(ended);
    // #endregion
  }, 120_000);

  it('compares', async () => {
    // #region conformance
    const size = mockPrimitive({ name: 'size', sequence: [3] });
    const plan = pipe(
      fn('trim', (text: string) => text.trim()),
      size.primitive,
    );
    expect(await conformance(plan, [{ name: 'short', input: ' abc ' }], { mocks: [size] })).toEqual({});
    // #endregion
  });

  it('shows these examples as they are', () => {
    const here = regionsOf(import.meta.filename);
    const [plans] = regionsOf(new URL('../support/guide-plans.ts', import.meta.url).pathname);
    expect(blocksShown('docs/testing.md')).toEqual([...here.slice(0, 4), plans, ...here.slice(4)]);
  });
});
