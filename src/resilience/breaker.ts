import { timeoutError } from '../kernel/abort.ts';
import type { Clock } from '../kernel/clock.ts';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import type { ErrorKind } from '../kernel/error-kinds.ts';
import type { BreakerConfig } from './breaker-config.ts';
import {
  acquire,
  CLOSED_RECORD,
  isRecoveryOverdue,
  recordFailure,
  recordIgnored,
  recordSuccess,
  refusalOf,
  toClosed,
  toOpen,
  type BreakerRecord,
  type BreakerState,
  type Ticket,
} from './breaker-rules.ts';
import { CallEngine, type EngineOutcome, type EngineStatistics } from './call-engine.ts';
import { CircuitOpenError } from './circuit-open-error.ts';

export const CALL_OUTCOMES = ['success', 'failure', 'timeout', 'rejected', 'ignored'] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

export interface Transition {
  readonly name: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface BreakerHooks {
  onTransition?(transition: Transition): void;
  onCall?(call: { readonly name: string; readonly outcome: CallOutcome; readonly durationMs: number }): void;
  /** Once per outage, noticed by the next call or snapshot: not closed again within `recovery_timeout_seconds`. */
  onRecoveryOverdue?(overdue: { readonly name: string; readonly openForMs: number }): void;
  /** Whether an error speaks against the other side. Default: {@link isFailureByDefault}. */
  isFailure?(error: unknown): boolean;
}

export interface ExecuteOptions {
  /** Abort of the caller; it counts as neither success nor failure. */
  readonly signal?: AbortSignal;
  /** The call's signal is aborted after so long, and the call counts as failed. */
  readonly timeoutMs: number;
  /** False: `timeoutMs` is too short to blame the other side for; such a timeout counts neither way. Default true. */
  readonly blamesTimeout?: boolean;
  /** Default: `call_timeout` (timeout). */
  readonly timeoutError?: () => FleetError;
}

export interface BreakerSnapshot {
  readonly name: string;
  readonly state: BreakerState;
  readonly failures: number;
  /** Epoch milliseconds; null before the first transition. */
  readonly stateChangedAt: number | null;
  /** How long calls are refused from now; null when the next call is permitted. */
  readonly retryAfterMs: number | null;
  readonly isRecoveryOverdue: boolean;
  readonly config: BreakerConfig;
  /** The breaker of this process alone. */
  readonly mode: 'local';
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

/** One circuit breaker: it stops calls to something that keeps failing, and tries again after a while. */
export class Breaker {
  readonly name: string;
  readonly config: BreakerConfig;
  readonly #clock: Clock;
  readonly #hooks: BreakerHooks;
  readonly #engine: CallEngine;
  #record: BreakerRecord = CLOSED_RECORD;
  #stateChangedAt: number | null = null;
  #isOverdueReported = false;
  #isStopped = false;
  #calls = 0;

  constructor(name: string, config: BreakerConfig, hooks: BreakerHooks, clock: Clock) {
    this.name = name;
    this.config = config;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#engine = new CallEngine(name);
  }

  state(): BreakerState {
    return this.#record.state;
  }

  /** Whether a call would be let through now. Changes nothing. */
  isCallPermitted(): boolean {
    return refusalOf(this.#record, this.config, this.#clock.now()) === undefined;
  }

  /**
   * Call `fn` unless the circuit is open. `fn` gets a signal that aborts on timeout and with the caller's signal;
   * when it does not listen, its late result is dropped.
   *
   * Errors: circuit_open (unavailable, with retryAfterMs), the timeout error, the caller's abort reason, and
   * whatever `fn` throws; circuit_stopped (unavailable) after stop
   */
  async execute<T>(fn: (signal: AbortSignal) => Promise<T>, options: ExecuteOptions): Promise<T> {
    options.signal?.throwIfAborted();
    if (this.#isStopped) {
      const message = `circuit "${this.name}" is stopped`;
      throw new FleetError({ code: 'circuit_stopped', kind: 'unavailable', message });
    }
    const ticket = this.#admit(options.timeoutMs);
    const startedAt = performance.now();
    const outcome = await this.#engine.run({
      fn,
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      timeoutError: options.timeoutError ?? (() => this.#timeoutError(options.timeoutMs)),
      isFailure: (error) => this.#isFailure(error, options.signal),
    });
    this.#settle(outcome, ticket, options, performance.now() - startedAt);
    if (outcome.kind === 'success') return outcome.value;
    throw outcome.error;
  }

  /** Back to closed, whatever happened. */
  reset(): void {
    this.#become(toClosed(this.#record));
  }

  /** Refuse calls for one open period from now. */
  forceOpen(): void {
    this.#become(toOpen(this.#record, this.#clock.now()));
  }

  snapshot(): BreakerSnapshot {
    const now = this.#clock.now();
    this.#reportOverdue(now);
    return {
      name: this.name,
      state: this.#record.state,
      failures: this.#record.failures,
      stateChangedAt: this.#stateChangedAt,
      retryAfterMs: refusalOf(this.#record, this.config, now)?.retryAfterMs ?? null,
      isRecoveryOverdue: isRecoveryOverdue(this.#record, this.config, now),
      config: this.config,
      mode: 'local',
      statistics: this.#engine.statistics(),
    };
  }

  /** Refuses new calls and ends the timers; calls in flight go on. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#engine.stop();
  }

  #admit(timeoutMs: number): Ticket {
    const now = this.#clock.now();
    const probeId = String(++this.#calls);
    const { record, admission } = acquire(
      this.#record,
      this.config,
      now,
      probeId,
      timeoutMs + LEASE_MARGIN_MS,
    );
    this.#become(record);
    this.#reportOverdue(now);
    if (admission.permitted) return admission.ticket;
    this.#hooks.onCall?.({ name: this.name, outcome: 'rejected', durationMs: 0 });
    throw new CircuitOpenError(this.name, record.state, admission.reason, admission.retryAfterMs);
  }

  #settle(
    outcome: EngineOutcome<unknown>,
    ticket: Ticket,
    options: ExecuteOptions,
    durationMs: number,
  ): void {
    const result = this.#resultOf(outcome, options);
    switch (result) {
      case 'success':
        this.#become(recordSuccess(this.#record, this.config, ticket));
        break;
      case 'ignored':
        this.#become(recordIgnored(this.#record, ticket));
        break;
      default:
        this.#become(recordFailure(this.#record, this.config, this.#clock.now(), ticket));
    }
    this.#hooks.onCall?.({ name: this.name, outcome: result, durationMs });
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

  /** Takes over a record; a new state is told to the engine and to the listener. */
  #become(record: BreakerRecord): void {
    const from = this.#record.state;
    this.#record = record;
    if (record.state === from) return;
    if (record.state === 'open' && this.config.enabled) this.#engine.open();
    else this.#engine.close();
    if (record.state === 'closed') this.#isOverdueReported = false;
    this.#stateChangedAt = this.#clock.now();
    this.#hooks.onTransition?.({ name: this.name, from, to: record.state, at: this.#stateChangedAt });
  }

  #reportOverdue(now: number): void {
    if (this.#isOverdueReported || !isRecoveryOverdue(this.#record, this.config, now)) return;
    this.#isOverdueReported = true;
    const openForMs = now - (this.#record.firstOpenedAt ?? now);
    this.#hooks.onRecoveryOverdue?.({ name: this.name, openForMs });
  }

  #timeoutError(timeoutMs: number): FleetError {
    return timeoutError('call_timeout', `a call through circuit "${this.name}"`, timeoutMs);
  }
}
