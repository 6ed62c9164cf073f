import type { RetryPolicy } from '../../resilience/backoff.ts';
import type { CachePolicy, Kind, PlanNode, StoredError } from '../plan/node.ts';

/**
 * A building block: immutable data plus leaf functions. Composing makes a plan; nothing runs until an
 * interpreter is given one.
 */
export interface Primitive<in I, out O> {
  readonly kind: Kind;
  readonly name: string;
  readonly plan: PlanNode;
  /** Phantom: carries the types, never called. */
  readonly types?: { input(value: I): void; output(): O };
  pipe<N>(next: Primitive<O, N>): Primitive<I, N>;
  /** Around a step: attempts of the step. Around anything larger: the whole of it again. */
  retry(policy?: Partial<RetryPolicy> & { retryIf?: (error: StoredError) => boolean }): Primitive<I, O>;
  /** Around a step: limit of one attempt. Around anything larger: a deadline for the whole of it. */
  timeout(ms: number): Primitive<I, O>;
  fallback<A>(
    alternative: Primitive<I, A>,
    options?: { if?: (error: StoredError) => boolean },
  ): Primitive<I, O | A>;
  cached(options: CacheOptions<I, O>): Primitive<I, O>;
  breaker(name: string): Primitive<I, O>;
  named(name: string): Primitive<I, O>;
}

export type AnyPrimitive = Primitive<never, unknown>;
export type In<P> = P extends Primitive<infer I, unknown> ? I : never;
export type Out<P> = P extends Primitive<never, infer O> ? O : never;

/** See {@link CachePolicy}; an hour and 1000 entries in memory unless said otherwise. */
export interface CacheOptions<I, O = unknown> {
  readonly key?: (input: I) => unknown;
  readonly facets?: unknown;
  readonly scope: CachePolicy['scope'];
  readonly ttlMs?: number;
  readonly maxEntries?: number;
  readonly tier?: CachePolicy['tier'];
  readonly version?: number;
  readonly maxBytes?: number;
  readonly cacheErrors?: boolean;
  readonly staleIfErrorMs?: number;
  storeIf?(output: O): boolean;
}
