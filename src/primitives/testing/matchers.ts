import { isDeepStrictEqual } from 'node:util';
import type { MockPrimitive } from './mock-primitive.ts';

interface MatcherResult {
  readonly pass: boolean;
  message(): string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

/** What the matcher finds around it in vitest and jest. */
interface MatcherContext {
  equals?: (this: void, one: unknown, other: unknown) => boolean;
}

/** What `expect(mock)` offers, to be declared for vitest: see docs/testing.md. */
export interface PrimitiveMatchers<R = unknown> {
  /** It was called exactly so often; attempts count. */
  toHaveRunTimes(times: number): R;
  /** At least one of its calls had this input. */
  toHaveRunWith(input: unknown): R;
  /** Its first call came before the first one of the other. */
  toHaveRunBefore(other: MockPrimitive): R;
}

/** For `expect.extend(primitiveMatchers)`. They look at the calls of a {@link MockPrimitive}. */
export const primitiveMatchers = {
  toHaveRunTimes(this: void, received: unknown, times: number): MatcherResult {
    const mock = mockIn(received);
    return {
      pass: mock.callCount === times,
      message: () => `"${mock.name}" ran ${mock.callCount} times, ${times} were expected`,
      actual: mock.callCount,
      expected: times,
    };
  },
  toHaveRunWith(this: MatcherContext, received: unknown, input: unknown): MatcherResult {
    const mock = mockIn(received);
    const inputs = mock.calls.map((call) => call.input);
    const equals = this.equals ?? isDeepStrictEqual;
    return {
      pass: inputs.some((given) => equals(given, input)),
      message: () => `"${mock.name}" ran with ${shown(inputs)}; asked was ${JSON.stringify(input)}`,
      actual: inputs,
      expected: input,
    };
  },
  toHaveRunBefore(this: void, received: unknown, other: unknown): MatcherResult {
    const [mock, later] = [mockIn(received), mockIn(other)];
    const [first] = mock.fn.mock.invocationCallOrder;
    const [second] = later.fn.mock.invocationCallOrder;
    return {
      pass: first !== undefined && second !== undefined && first < second,
      message: () =>
        first === undefined || second === undefined
          ? `"${(first === undefined ? mock : later).name}" never ran`
          : `"${mock.name}" ran ${first < second ? 'before' : 'after'} "${later.name}"`,
    };
  },
};

function mockIn(received: unknown): MockPrimitive {
  if (typeof received === 'object' && received !== null && 'primitive' in received && 'fn' in received) {
    return received as MockPrimitive;
  }
  throw new TypeError('expected a double made by mockPrimitive()');
}

function shown(inputs: readonly unknown[]): string {
  return inputs.length === 0
    ? 'nothing: it never ran'
    : inputs.map((input) => JSON.stringify(input)).join(', ');
}
