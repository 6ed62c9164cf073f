import type { ZodType, z } from 'zod';
import type { FnContext, Join, MergeState, PureFn, StepHandler, SettledError } from '../plan/node.ts';
import { make, plansOf, sequenceOf } from './make.ts';
import type { Pipe } from './pipe.ts';
import type { AnyPrimitive, In, Out, Primitive } from './primitive.ts';
import type { StepContext } from '../step-context.ts';

/** A callback as the plan stores it; the composition API has checked its types. */
function pure<R>(f: (input: never, ctx: FnContext) => R): PureFn<R> {
  return f;
}

/**
 * One unit of work: a call in process, one job on the fleet.
 *
 * @param definition.idempotent  false: never silently repeated; default true
 * @param definition.savepoint  its run can be rolled back to where it succeeded; true: by the step's path
 */
export function step<IS extends ZodType, OS extends ZodType>(definition: {
  readonly name: string;
  readonly queue: string;
  readonly input: IS;
  readonly output: OS;
  readonly idempotent?: boolean;
  readonly savepoint?: true | string;
  run(input: z.output<IS>, ctx: StepContext): Promise<z.input<OS>>;
}): Primitive<z.input<IS>, z.output<OS>> {
  const { name, queue, input, output, idempotent = true, savepoint } = definition;
  // Interpreters call the handler with what the input schema gave and a StepContext, nothing else.
  const run = ((value: never, ctx: never) => definition.run(value, ctx)) as StepHandler;
  return make({
    kind: 'step',
    name,
    queue,
    input,
    output,
    run,
    idempotent,
    ...(savepoint === undefined ? {} : { savepoint }),
  });
}

/** Cheap, pure, synchronous glue; runs again on every replay. */
export function fn<I, O>(name: string, apply: (input: I, ctx: FnContext) => O): Primitive<I, O> {
  return make({ kind: 'fn', name, apply: pure(apply) });
}

/** The input, unchanged: a case, a branch or a default that lets it pass. */
export function identity<T>(name = 'identity'): Primitive<T, T> {
  return fn(name, (input: T) => input);
}

/** Each stage gets the output of the one before it. */
export const pipe: Pipe = (...stages: AnyPrimitive[]) => make(sequenceOf(plansOf(stages)));

export interface ParallelOptions<J extends Join = Join> {
  readonly join?: J;
  /** With `settled`: when every branch fails, so does the whole, with the failure that came first. */
  readonly failIfNone?: boolean;
  readonly concurrency?: number;
  readonly mergeState?: MergeState;
}

/** One branch under a join other than `all`: how it ended. */
export type Settled<O> =
  | { readonly status: 'ok'; readonly value: O }
  | { readonly status: 'error'; readonly error: SettledError };

export type Joined<J extends Join, O> = J extends 'all' ? O : Settled<O>;

type Intersect<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;

const MAX_CONCURRENCY = 100;

export function parallel<const T extends readonly [AnyPrimitive, ...AnyPrimitive[]]>(
  ...branches: T
): Primitive<Intersect<In<T[number]>>, { -readonly [K in keyof T]: Out<T[K]> }>;
export function parallel<T extends Readonly<Record<string, AnyPrimitive>>, const J extends Join = 'all'>(
  branches: T,
  options?: ParallelOptions<J>,
): Primitive<Intersect<In<T[keyof T]>>, { [K in keyof T]: Joined<J, Out<T[K]>> }>;
/** All branches get the same input and start together. */
export function parallel(...args: readonly unknown[]): AnyPrimitive {
  const [first, second] = args;
  if (isPrimitive(first)) {
    const branches = (args as readonly AnyPrimitive[]).map(({ plan: node }, index) => ({
      key: String(index),
      node,
    }));
    return make({ kind: 'parallel', shape: 'tuple', branches, join: 'all', concurrency: MAX_CONCURRENCY });
  }
  const record = first as Readonly<Record<string, AnyPrimitive>>;
  const options = (second ?? {}) as ParallelOptions;
  return make({
    kind: 'parallel',
    shape: 'record',
    branches: Object.entries(record).map(([key, { plan: node }]) => ({ key, node })),
    join: options.join ?? 'all',
    concurrency: Math.min(options.concurrency ?? MAX_CONCURRENCY, MAX_CONCURRENCY),
    ...(options.failIfNone === true ? { failIfNone: true } : {}),
    ...(options.mergeState === undefined ? {} : { mergeState: options.mergeState }),
  });
}

function isPrimitive(value: unknown): value is AnyPrimitive {
  return typeof value === 'object' && value !== null && 'plan' in value && 'pipe' in value;
}

/** False without `otherwise` returns the input unchanged. */
export function when<I, A, B = I>(
  name: string,
  test: (input: I, ctx: FnContext) => boolean,
  then: Primitive<I, A>,
  otherwise?: Primitive<I, B>,
): Primitive<I, A | B> {
  return make({
    kind: 'when',
    name,
    test: pure(test),
    onTrue: then.plan,
    ...(otherwise === undefined ? {} : { onFalse: otherwise.plan }),
  });
}

/** Exactly one case; an unknown key fails with `no_case` unless there is a default. */
export function match<I, K extends string, C extends Readonly<Record<K, Primitive<I, unknown>>>, D = never>(
  name: string,
  select: (input: I, ctx: FnContext) => K,
  cases: C,
  options: { readonly default?: Primitive<I, D> } = {},
): Primitive<I, Out<C[K]> | D> {
  return make({
    kind: 'match',
    name,
    select: pure(select),
    cases: new Map(Object.entries<AnyPrimitive>(cases).map(([key, { plan }]) => [key, plan])),
    ...(options.default === undefined ? {} : { fallback: options.default.plan }),
  });
}

/** Every item through the body; results keep the order of the items. */
export function each<I, T, O, const J extends Join = 'all'>(
  name: string,
  items: (input: I, ctx: FnContext) => readonly T[],
  body: Primitive<T, O>,
  options: ParallelOptions<J> & { readonly maxItems?: number } = {},
): Primitive<I, Joined<J, O>[]> {
  return make({
    kind: 'each',
    name,
    items: pure(items),
    body: body.plan,
    concurrency: options.concurrency ?? 10,
    maxItems: options.maxItems ?? 100,
    join: options.join ?? 'all',
    ...(options.failIfNone === true ? { failIfNone: true } : {}),
    ...(options.mergeState === undefined ? {} : { mergeState: options.mergeState }),
  });
}

/** The body at least once, on its own output, until `done`. */
export function repeatUntil<S>(
  name: string,
  body: Primitive<S, S>,
  done: (state: S, ctx: FnContext) => boolean,
  options: { readonly maxIterations: number; readonly onExhausted?: 'fail' | 'last' },
): Primitive<S, S> {
  return make({
    kind: 'repeat',
    name,
    body: body.plan,
    done: pure(done),
    maxIterations: options.maxIterations,
    onExhausted: options.onExhausted ?? 'fail',
  });
}

/** Waits for a payload from outside without occupying a worker. */
export function waitFor<S extends ZodType, D = never>(
  name: string,
  schema: S,
  options: { readonly timeoutMs: number; readonly onTimeout?: 'fail' | { readonly value: D } },
): Primitive<unknown, z.output<S> | D> {
  return make({
    kind: 'wait',
    name,
    schema,
    timeoutMs: options.timeoutMs,
    onTimeout: options.onTimeout ?? 'fail',
  });
}

/** What a compensation is told. */
export interface UndoInput<I, O> {
  readonly input: I;
  /** Absent when nobody knows whether the step did its work. */
  readonly output?: O | undefined;
  readonly error: { readonly code: string; readonly message: string };
}

export interface SagaBuilder<I, O> {
  step<N>(
    primitive: Primitive<O, N>,
    options?: { readonly compensate?: Primitive<UndoInput<O, N>, unknown> },
  ): SagaBuilder<I, N>;
  build(): Primitive<I, O>;
}

/** Steps whose work is undone, newest first, when a later one fails. */
export function saga<I>(name: string): SagaBuilder<I, I> {
  const builder = (
    steps: readonly { node: AnyPrimitive; compensate?: AnyPrimitive }[],
  ): SagaBuilder<I, never> => ({
    step: (primitive, options) =>
      builder([
        ...steps,
        {
          node: primitive,
          ...(options?.compensate === undefined ? {} : { compensate: options.compensate }),
        },
      ]),
    build: () =>
      make({
        kind: 'saga',
        name,
        steps: steps.map(({ node, compensate }) => ({
          node: node.plan,
          ...(compensate === undefined ? {} : { compensate: compensate.plan }),
        })),
      }),
  });
  return builder([]);
}

export interface RouteChoice<K extends string> {
  readonly route: K;
  readonly reason: string;
}

/** A dynamic choice among equivalent implementations; the choice is recorded once and never made again. */
export function route<I, O, K extends string>(
  name: string,
  routes: Readonly<Record<K, Primitive<I, O>>>,
  choose: (input: I, ctx: FnContext) => RouteChoice<K>,
): Primitive<I, O> {
  return make({
    kind: 'route',
    name,
    choose: pure(choose),
    routes: new Map(Object.entries<AnyPrimitive>(routes).map(([key, { plan }]) => [key, plan])),
  });
}
