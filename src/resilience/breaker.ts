import { timeoutError } from '../kernel/abort.ts';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import type { ErrorKind } from '../kernel/error-kinds.ts';
import type { BreakerConfig } from './breaker-config.ts';
import type { BreakerState, Ticket } from './breaker-rules.ts';
import { CallEngine, type EngineOutcome, type EngineStatistics } from './call-engine.ts';
import type { CircuitAuthority, CircuitListener, CircuitView } from './circuit-authority.ts';
import { CircuitOpenError } from './circuit-open-error.ts';
import { degraded, type Degraded } from './degraded.ts';

export const CALL_OUTCOMES = ['success', 'failure', 'timeout', 'rejected', 'ignored'] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** What is told of circuits. Nothing here may throw. */
export interface BreakerHooks extends Partial<CircuitListener> {
  onCall?(call: { readonly name: string; readonly outcome: CallOutcome; readonly durationMs: number }): void;
  /** Whether an error speaks against the other side. Default: {@link isFailureByDefault}. */
  isFailure?(error: unknown): boolean;
}

export interface ExecuteOptions {
  /** Abort of the caller; it counts as neither success nor failure. */
  readonly signal?: AbortSignal;
  /**
   * The call's signal is aborted after so long, and the call counts as failed. Never more than the `call_timeout_ms`
   * of the circuit; default: that, or 30 000.
   */
  readonly timeoutMs?: number;
  /** False: `timeoutMs` is too short to blame the other side for; such a timeout counts neither way. Default true. */
  readonly blamesTimeout?: boolean;
  /** Default: `call_timeout` (timeout). */
  readonly timeoutError?: () => FleetError;
  /** Stands in the error of a refused call. */
  readonly correlationId?: string;
}

export interface FallbackOptions<F> extends ExecuteOptions {
  /** Answers when the circuit is open or the call failed; errors of the input and aborts are thrown all the same. */
  readonly fallback: (error: unknown) => F | Promise<F>;
}

export interface BreakerSnapshot extends CircuitView {
  readonly name: string;
  readonly config: BreakerConfig;
  readonly statistics: EngineStatistics;
}

/** Errors that say the input is wrong, not the other side; and cancellation, which says nothing. */
const NO_FAILURE: ReadonlySet<ErrorKind> = new Set([
  'invalid_input',
  'not_found',
  'forbidden',
  'unauthenticated',
  'conflict',
  'cancelled',
]);

export function isFailureByDefault(error: unknown): boolean {
  return !isFleetError(error) || !NO_FAILURE.has(error.kind);
}

/** Room for the result of a trial call to arrive after its timeout, before its slot is taken back. */
const LEASE_MARGIN_MS = 1000;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * One circuit breaker: it stops calls to something that keeps failing, and tries again after a while. Its authority
 * decides; it makes the calls and tells what came of them.
 */
export class Breaker {
  readonly name: string;
  readonly config: BreakerConfig;
  readonly #hooks: BreakerHooks;
  readonly #engine: CallEngine;
  readonly #authority: CircuitAuthority;
  #isStopped = false;

  constructor(
    name: string,
    config: BreakerConfig,
    hooks: BreakerHooks,
    authorityFor: (listener: CircuitListener) => CircuitAuthority,
  ) {
    this.name = name;
    this.config = config;
    this.#hooks = hooks;
    this.#engine = new CallEngine(name);
    this.#authority = authorityFor({
      onTransition: (transition) => {
        if (transition.to === 'open' && config.enabled) this.#engine.open();
        else this.#engine.close();
        hooks.onTransition?.(transition);
      },
      onDegradedChange: (change) => hooks.onDegradedChange?.(change),
      onRecoveryOverdue: (overdue) => hooks.onRecoveryOverdue?.(overdue),
      onModeChange: (change) => hooks.onModeChange?.(change),
    });
  }

  /** As this process knows it. */
  state(): BreakerState {
    return this.#authority.view().state;
  }

  /** Whether a call would be let through now, as far as this process knows. Changes nothing. */
  isCallPermitted(): boolean {
    return !this.config.enabled || this.#authority.view().retryAfterMs === null;
  }

  /**
   * Call `fn` unless the circuit is open. `fn` gets a signal that aborts on timeout and with the caller's signal;
   * when it does not listen, its late result is dropped. With a fallback, a refused or failed call gives the
   * fallback's value, marked as {@link Degraded}.
   *
   * Errors: circuit_open (unavailable, with retryAfterMs), the timeout error, the caller's abort reason, and
   * whatever `fn` throws; circuit_stopped (unavailable) after stop
   */
  async execute<T>(fn: (signal: AbortSignal) => Promise<T>, options?: ExecuteOptions): Promise<T>;
  async execute<T, F>(
    fn: (signal: AbortSignal) => Promise<T>,
    options: FallbackOptions<F>,
  ): Promise<T | Degraded<F>>;
  async execute<T, F>(
    fn: (signal: AbortSignal) => Promise<T>,
    options: ExecuteOptions & Partial<FallbackOptions<F>> = {},
  ): Promise<T | Degraded<F>> {
    const { signal, fallback } = options;
    const timeoutMs = this.#timeoutMs(options);
    signal?.throwIfAborted();
    if (this.#isStopped) {
      const message = `circuit "${this.name}" is stopped`;
      throw new FleetError({ code: 'circuit_stopped', kind: 'unavailable', message });
    }
    const answer = this.#authority.admit(timeoutMs + LEASE_MARGIN_MS);
    const admission = answer instanceof Promise ? await answer : answer;
    if (!admission.permitted) {
      const { state, reason, retryAfterMs } = admission;
      this.#hooks.onCall?.({ name: this.name, outcome: 'rejected', durationMs: 0 });
      const error = new CircuitOpenError(this.name, state, reason, retryAfterMs, options.correlationId);
      if (fallback === undefined) throw error;
      return this.#degrade(fallback, error, reason);
    }
    if (signal?.aborted === true) {
      await this.#authority.settle('ignored', admission.ticket);
      throw signal.reason;
    }
    const startedAt = performance.now();
    const outcome = await this.#engine.run({
      fn,
      signal,
      timeoutMs,
      timeoutError: () => this.#timeoutError(options, timeoutMs),
      isFailure: (error) => this.#isFailure(error, signal),
    });
    const result = this.#resultOf(outcome, options);
    const settling = this.#settle(result, admission.ticket, performance.now() - startedAt);
    if (settling instanceof Promise) await settling;
    if (outcome.kind === 'success') return outcome.value;
    if (fallback === undefined || result === 'ignored') throw outcome.error;
    return this.#degrade(fallback, outcome.error, codeOf(outcome.error));
  }

  /**
   * Back to closed, whatever happened.
   * Errors: backend_unavailable where it is shared
   */
  reset(): Promise<void> {
    return this.#authority.reset();
  }

  /**
   * Refuse calls for one open period from now.
   * Errors: backend_unavailable where it is shared
   */
  forceOpen(): Promise<void> {
    return this.#authority.forceOpen();
  }

  snapshot(): BreakerSnapshot {
    return {
      name: this.name,
      ...this.#authority.view(),
      config: this.config,
      statistics: this.#engine.statistics(),
    };
  }

  /** Refuses new calls and ends the timers; calls in flight go on. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#engine.stop();
    this.#authority.stop();
  }

  #settle(
    result: Exclude<CallOutcome, 'rejected'>,
    ticket: Ticket,
    durationMs: number,
  ): void | Promise<void> {
    this.#hooks.onCall?.({ name: this.name, outcome: result, durationMs });
    return this.#authority.settle(result === 'timeout' ? 'failure' : result, ticket);
  }

  async #degrade<F>(
    fallback: (error: unknown) => F | Promise<F>,
    error: unknown,
    reason: string,
  ): Promise<Degraded<F>> {
    const value = await fallback(error);
    this.#authority.degrade(reason);
    return degraded(value, this.name, reason);
  }

  #resultOf(
    outcome: EngineOutcome<unknown>,
    { signal, blamesTimeout = true }: ExecuteOptions,
  ): Exclude<CallOutcome, 'rejected'> {
    if (outcome.kind === 'timeout' && !blamesTimeout) return 'ignored';
    if (outcome.kind !== 'error') return outcome.kind;
    return this.#isFailure(outcome.error, signal) ? 'failure' : 'ignored';
  }

  #isFailure(error: unknown, signal: AbortSignal | undefined): boolean {
    if (signal?.aborted === true) return false;
    return this.#hooks.isFailure?.(error) ?? isFailureByDefault(error);
  }

  #timeoutMs({ timeoutMs }: ExecuteOptions): number {
    const longest = this.config.call_timeout_ms;
    if (timeoutMs === undefined) return longest ?? DEFAULT_TIMEOUT_MS;
    return longest === null ? timeoutMs : Math.min(timeoutMs, longest);
  }

  /** The caller's own error speaks of the caller's own limit. */
  #timeoutError(options: ExecuteOptions, timeoutMs: number): FleetError {
    const own = timeoutMs === options.timeoutMs ? options.timeoutError?.() : undefined;
    return own ?? timeoutError('call_timeout', `a call through circuit "${this.name}"`, timeoutMs);
  }
}

function codeOf(error: unknown): string {
  return isFleetError(error) ? error.code : 'call_failed';
}
