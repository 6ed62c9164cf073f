import CircuitBreaker from 'opossum';
import { linkAbort, untilAborted } from '../kernel/abort.ts';
import type { FleetError } from '../kernel/errors.ts';

/** One call through an engine. */
export interface EngineCall<T> {
  readonly fn: (signal: AbortSignal) => Promise<T>;
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Made only when the call takes too long. */
  readonly timeoutError: () => FleetError;
  /** Whether an error counts as a failure in the rolling statistics. */
  readonly isFailure: (error: unknown) => boolean;
}

export type EngineOutcome<T> =
  | { readonly kind: 'success'; readonly value: T }
  | { readonly kind: 'timeout'; readonly error: FleetError }
  | { readonly kind: 'error'; readonly error: unknown };

/** Counts of the last ten seconds. */
export interface EngineStatistics {
  readonly fires: number;
  readonly successes: number;
  readonly failures: number;
  readonly timeouts: number;
}

/** The largest delay of a timer: opossum's own half-open timer must never be the one that decides. */
const NEVER_MS = 2 ** 31 - 1;

type AnyCall = EngineCall<unknown> & { readonly controller: AbortController };

/**
 * opossum around a call: its timeout and its rolling statistics. It never trips by itself (`volumeThreshold`),
 * and its open state is only told to it, because it would trip on a percentage and close on the first success.
 * Whether a call may be made is decided before it gets here.
 */
export class CallEngine {
  readonly #circuit: CircuitBreaker<[AnyCall]>;
  readonly #options: CircuitBreaker.Options<[AnyCall]>;

  constructor(name: string) {
    this.#options = {
      name,
      timeout: false,
      resetTimeout: NEVER_MS,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // opossum passes the arguments of `fire` after the error; its types do not say so.
      errorFilter: (...[error, call]: unknown[]) => !(call as AnyCall).isFailure(error),
    };
    this.#circuit = new CircuitBreaker(runCall, this.#options);
  }

  async run<T>(call: EngineCall<T>): Promise<EngineOutcome<T>> {
    const controller = new AbortController();
    // opossum has one timeout per circuit and reads it while `fire` runs, before anything else can: so each call
    // sets its own. Its AbortController option is one per circuit too, hence ours.
    this.#options.timeout = call.timeoutMs;
    // What was permitted is made, also when its circuit opened while the permission was under way.
    if (this.#circuit.opened) this.#circuit.close();
    try {
      const value = await this.#circuit.fire({ ...call, controller });
      return { kind: 'success', value: value as T }; // what `fn` of this very call gave
    } catch (error) {
      if (!isOpossumTimeout(error)) return { kind: 'error', error };
      const timeoutError = call.timeoutError();
      controller.abort(timeoutError);
      return { kind: 'timeout', error: timeoutError };
    }
  }

  /** Fail fast from now on. Its timers do not keep the process alive. */
  open(): void {
    this.#circuit.open();
  }

  close(): void {
    this.#circuit.close();
  }

  statistics(): EngineStatistics {
    const { fires, successes, failures, timeouts } = this.#circuit.stats;
    return { fires, successes, failures, timeouts };
  }

  /** Ends the engine's timers; calls in flight go on. */
  stop(): void {
    this.#circuit.shutdown();
  }
}

/** Settles at once when either signal aborts, so that opossum clears its timer even if `fn` does not listen. */
async function runCall(call: AnyCall): Promise<unknown> {
  const { controller } = call;
  const untie = call.signal && linkAbort(call.signal, controller);
  try {
    const work = call.fn(controller.signal);
    work.catch(() => undefined); // `fn` may have aborted its caller before it returned; then nobody waits for it
    return await untilAborted(work, controller.signal);
  } finally {
    untie?.();
  }
}

function isOpossumTimeout(error: unknown): boolean {
  if (!(error instanceof Error) || !CircuitBreaker.isOurError(error)) return false;
  return 'code' in error && error.code === 'ETIMEDOUT';
}
