import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pipe } from '../../../src/primitives/compose/combine.ts';
import { fakeClock } from '../../../src/primitives/testing/fake-clock.ts';
import { primitiveMatchers } from '../../../src/primitives/testing/matchers.ts';
import { mockPrimitive } from '../../../src/primitives/testing/mock-primitive.ts';
import { testRun } from '../../../src/primitives/testing/test-run.ts';

describe('a double', () => {
  it('remembers each call as it was made, and forgets when it is reset', async () => {
    const clock = fakeClock();
    const double = mockPrimitive({
      name: 'double',
      input: z.object({ list: z.array(z.number()) }),
      implementation: (input) => (input as { list: number[] }).list.push(9),
      delayMs: 50,
      clock,
    });
    const startedAt = clock.now();
    await testRun(double.primitive, { list: [1] }, { clock });
    expect(double.calls).toMatchObject([
      { input: { list: [1] }, attempt: 1, startedAtMs: startedAt, settled: 'ok' },
    ]);
    expect(double.calls[0]!.ctx).toBe(double.lastContext);
    expect(double.lastContext).toMatchObject({ path: 'double' });
    expect(double.lastInput).toEqual({ list: [1] });
    double.reset();
    expect(double).toMatchObject({ callCount: 0, calls: [], lastInput: undefined, lastContext: undefined });
    expect(double.fn).not.toHaveBeenCalled();
  });

  it('is a spy for the matchers of vitest', async () => {
    const double = mockPrimitive({ name: 'double', sequence: ['a', new Error('no')] });
    await testRun(double.primitive, 1);
    await testRun(double.primitive, 2);
    expect(double.fn).toHaveBeenCalledTimes(2);
    expect(double.fn).toHaveBeenCalledWith(1, expect.objectContaining({ attempt: 1 }));
    expect(double.fn).toHaveBeenLastCalledWith(2, expect.anything());
    expect(double.fn).toHaveResolvedWith('a');
    expect(double.calls.map(({ settled }) => settled)).toEqual(['ok', 'error']);
  });

  it('that has no answer left fails the test, also where the plan would have caught it', async () => {
    const double = mockPrimitive({ name: 'double', sequence: ['a', 'b'] });
    const twice = pipe(double.primitive, double.primitive.named('again'));
    expect(await testRun(twice, 1)).toMatchObject({ status: 'completed', output: 'b' });
    const lenient = double.primitive.retry().fallback(mockPrimitive({ name: 'other' }).primitive);
    await expect(testRun(lenient, 1)).rejects.toMatchObject({
      code: 'mock_exhausted',
      message: '"double" was called 3 times; it has 2 answers',
    });
    // It is not called again because it has no answer.
    expect(double.callCount).toBe(3);
    double.reset();
    expect(await testRun(lenient, 1)).toMatchObject({ status: 'completed', output: 'a' });
    const override = mockPrimitive({ name: 'override', sequence: [] });
    await expect(testRun(lenient, 1, { overrides: { double: override } })).rejects.toThrow(
      '"override" was called 1 times; it has 0 answers',
    );
  });

  it('stands where every fleet works', () => {
    expect(mockPrimitive({ name: 'double' }).queue).toBe('ipa');
    expect(mockPrimitive({ name: 'double', queue: 'nga' }).primitive.plan).toMatchObject({ queue: 'nga' });
  });
});

describe('the matchers', () => {
  const { toHaveRunTimes, toHaveRunBefore } = primitiveMatchers;
  const toHaveRunWith = primitiveMatchers.toHaveRunWith.bind({});

  it('tell how often, with what and in which order doubles ran', async () => {
    const [first, second, never] = ['first', 'second', 'never'].map((name) =>
      mockPrimitive({ name, returns: name }),
    ) as [
      ReturnType<typeof mockPrimitive>,
      ReturnType<typeof mockPrimitive>,
      ReturnType<typeof mockPrimitive>,
    ];
    await testRun(pipe(first.primitive, second.primitive), { a: 1 });
    expect(toHaveRunTimes(first, 1).pass).toBe(true);
    expect(toHaveRunTimes(first, 2)).toMatchObject({ pass: false, actual: 1, expected: 2 });
    expect(toHaveRunTimes(first, 2).message()).toBe('"first" ran 1 times, 2 were expected');
    expect(toHaveRunWith(first, { a: 1 }).pass).toBe(true);
    expect(toHaveRunWith(first, { a: 2 }).pass).toBe(false);
    expect(toHaveRunWith(first, { a: 2 }).message()).toBe('"first" ran with {"a":1}; asked was {"a":2}');
    expect(toHaveRunWith(never, 1).message()).toContain('it never ran');
    expect(toHaveRunBefore(first, second).pass).toBe(true);
    expect(toHaveRunBefore(second, first).pass).toBe(false);
    expect(toHaveRunBefore(first, never)).toMatchObject({ pass: false });
    expect(toHaveRunBefore(first, never).message()).toBe('"never" never ran');
  });

  it('refuse what is no double', () => {
    expect(() => toHaveRunTimes({}, 1)).toThrow('expected a double made by mockPrimitive()');
  });
});
