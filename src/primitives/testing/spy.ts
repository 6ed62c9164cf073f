/** One call in the terms of vitest's and jest's own matchers. */
interface SpyState<I, C> {
  readonly calls: [I, C][];
  readonly results: { type: 'return'; value: Promise<unknown> }[];
  readonly settledResults: { type: 'incomplete' | 'fulfilled' | 'rejected'; value: unknown }[];
  readonly invocationCallOrder: number[];
  readonly instances: unknown[];
  readonly contexts: unknown[];
  readonly lastCall: [I, C] | undefined;
}

/** A handler that remembers its calls in such a way that `expect(spy).toHaveBeenCalledTimes(1)` works. */
export interface Spy<I, C> {
  (input: I, ctx: C): Promise<unknown>;
  readonly _isMockFunction: true;
  readonly mock: SpyState<I, C>;
  getMockName(): string;
  mockClear(): void;
}

/** Counted over all doubles, so that calls of different ones can be put in order. */
let order = 0;

export function createSpy<I, C>(name: string, handler: (input: I, ctx: C) => Promise<unknown>): Spy<I, C> {
  const calls: [I, C][] = [];
  const state: SpyState<I, C> = {
    calls,
    results: [],
    settledResults: [],
    invocationCallOrder: [],
    instances: [],
    contexts: [],
    get lastCall() {
      return calls.at(-1);
    },
  };
  const spy = (input: I, ctx: C): Promise<unknown> => {
    // What the handler does to its input later is no part of how it was called.
    calls.push([structuredClone(input), ctx]);
    state.invocationCallOrder.push(++order);
    state.instances.push(undefined);
    state.contexts.push(undefined);
    const settled: SpyState<I, C>['settledResults'][number] = { type: 'incomplete', value: undefined };
    state.settledResults.push(settled);
    const value = handler(input, ctx);
    state.results.push({ type: 'return', value });
    value.then(
      (output) => Object.assign(settled, { type: 'fulfilled', value: output }),
      (error: unknown) => Object.assign(settled, { type: 'rejected', value: error }),
    );
    return value;
  };
  return Object.assign(spy, {
    _isMockFunction: true as const,
    mock: state,
    getMockName: () => name,
    mockClear() {
      for (const list of Object.values(state)) if (Array.isArray(list)) list.splice(0);
    },
  });
}
