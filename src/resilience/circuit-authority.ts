import type { Admission, BreakerState, Ticket } from './breaker-rules.ts';

/** How a call that was made ended, as far as its circuit is concerned. */
export type CallResult = 'success' | 'failure' | 'ignored';

/** `shared`: decided for the whole fleet; `local`: for this process alone. */
export const BREAKER_MODES = ['shared', 'local'] as const;
export type BreakerMode = (typeof BREAKER_MODES)[number];

/** A circuit as this process knows it, without asking anybody. */
export interface CircuitView {
  readonly state: BreakerState;
  readonly failures: number;
  /** Epoch milliseconds; null before the first transition. */
  readonly stateChangedAt: number | null;
  /** How long calls are refused from now; null when the next call is permitted. */
  readonly retryAfterMs: number | null;
  readonly isRecoveryOverdue: boolean;
  /** Fallbacks answer in place of the calls. */
  readonly isDegraded: boolean;
  readonly mode: BreakerMode;
}

export interface Transition {
  readonly name: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Brought about by a call, or an operator, of this process. Exactly one process says so. */
  readonly isOwn: boolean;
}

/** A circuit began, or ceased, to be answered for by fallbacks. */
export interface DegradedChange {
  readonly name: string;
  readonly isDegraded: boolean;
  readonly isOwn: boolean;
}

export interface Overdue {
  readonly name: string;
  readonly openForMs: number;
}

/** Told what happens to a circuit. Must not throw. */
export interface CircuitListener {
  onTransition(transition: Transition): void;
  onDegradedChange(change: DegradedChange): void;
  /** Once per outage, over all who share the circuit. */
  onRecoveryOverdue(overdue: Overdue): void;
  onModeChange(change: { readonly name: string; readonly mode: BreakerMode; readonly cause?: unknown }): void;
}

/**
 * Who decides for one circuit. What can be decided at once is: a promise is returned only when somebody must be asked,
 * and never rejects.
 */
export interface CircuitAuthority {
  /** @param leaseMs  how long a trial call may stay without a result before its slot is given to another */
  admit(leaseMs: number): Admission | Promise<Admission>;
  settle(result: CallResult, ticket: Ticket): void | Promise<void>;
  /** A fallback answered. */
  degrade(reason: string): void;
  /** Errors: backend_unavailable */
  reset(): Promise<void>;
  /** Errors: backend_unavailable */
  forceOpen(): Promise<void>;
  view(): CircuitView;
  stop(): void;
}
