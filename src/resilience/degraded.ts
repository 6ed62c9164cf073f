/** What a fallback gave in place of a call. It is never proof that anything is safe. */
export interface Degraded<F> {
  readonly degraded: true;
  readonly value: F;
  /** The circuit of the call. */
  readonly circuit: string;
  /** Why the call was refused, or the code of the error it ended with. */
  readonly reason: string;
}

const MARK = Symbol('degraded');

export function degraded<F>(value: F, circuit: string, reason: string): Degraded<F> {
  // The mark is not enumerable: what is stored or sent shows `degraded: true` alone.
  return Object.defineProperty({ degraded: true as const, value, circuit, reason }, MARK, { value: true });
}

/** Tells a fallback's answer from the call's own, whatever that looks like. */
export function isDegraded(result: unknown): result is Degraded<unknown> {
  return typeof result === 'object' && result !== null && MARK in result;
}
