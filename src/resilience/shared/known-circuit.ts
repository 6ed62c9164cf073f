import { CLOSED_RECORD, type Admission, type BreakerRecord, type Refusal } from '../breaker-rules.ts';
import type { CircuitView } from '../circuit-authority.ts';
import type { CircuitAnswer, CircuitReport } from './circuit-report.ts';

/** How long "closed without failures" is believed. */
export const TRUST_MS = 250;

/** What this process knows of a shared circuit, how old that is, and what it therefore believes. */
export class KnownCircuit {
  readonly #ticks: () => number;
  #report: CircuitReport | null = null;
  #heardAt = -Infinity;
  #isDoubted = false;

  /** @param ticks  milliseconds that only grow */
  constructor(ticks: () => number) {
    this.#ticks = ticks;
  }

  get report(): CircuitReport | null {
    return this.#report;
  }

  hear(report: CircuitReport): void {
    this.#report = report;
    this.#heardAt = this.#ticks();
    this.#isDoubted = false;
  }

  forget(): void {
    this.#report = null;
  }

  /** Announcements may have been missed since: nothing is believed before the next answer. */
  doubt(): void {
    this.#isDoubted = true;
  }

  ageMs(): number {
    return this.#report === null || this.#isDoubted ? Infinity : this.#ticks() - this.#heardAt;
  }

  /** Whether something later is known already. */
  isOlder(report: CircuitReport): boolean {
    const known = this.#report;
    if (known === null || report.epoch > known.epoch) return false;
    return report.epoch < known.epoch || report.at < known.at;
  }

  /** What can be said without a question; undefined: nothing. */
  believed(): Admission | undefined {
    const report = this.#report;
    if (report === null || this.#isDoubted) return undefined;
    switch (report.state) {
      case 'closed':
        return report.failures === 0 && this.ageMs() < TRUST_MS ? permitted(report.epoch) : undefined;
      case 'open': {
        const retryAfterMs = this.#refusedForMs();
        if (retryAfterMs <= 0) return undefined;
        return { permitted: false, state: 'open', reason: 'circuit_breaker_open', retryAfterMs };
      }
      case 'half_open':
        return undefined;
    }
  }

  /** Closed, as far as is known, and without failures. */
  seemsWell(): boolean {
    return this.#report === null || (this.#report.state === 'closed' && this.#report.failures === 0);
  }

  /** A success would change nothing. */
  isWell(): boolean {
    return this.#report !== null && this.seemsWell() && !this.#report.isDegraded;
  }

  view(): CircuitView {
    const report = this.#report;
    const leftMs = this.#refusedForMs();
    return {
      state: report?.state ?? 'closed',
      failures: report?.failures ?? 0,
      stateChangedAt: report?.changedAt ?? null,
      retryAfterMs: leftMs > 0 ? leftMs : null,
      isRecoveryOverdue: report?.isOverdue ?? false,
      isDegraded: report?.isDegraded ?? false,
      mode: 'shared',
    };
  }

  /**
   * Where the rules go on in this process alone. Trial calls of others are not known.
   *
   * @param now  by the clock of this process
   * @param openMs  length of an open period
   */
  recordAt(now: number, openMs: number): BreakerRecord {
    const report = this.#report;
    if (report === null) return CLOSED_RECORD;
    const { state, epoch, failures, successes } = report;
    return {
      ...CLOSED_RECORD,
      state,
      epoch,
      failures,
      successes,
      lastFailureAt: failures > 0 ? now : 0,
      openedAt: state === 'open' ? now - openMs + Math.max(0, this.#refusedForMs()) : 0,
      firstOpenedAt: state === 'closed' ? null : (report.firstOpenedAt ?? now),
    };
  }

  #refusedForMs(): number {
    const report = this.#report;
    if (report === null || report.state === 'closed') return 0;
    return Math.ceil(report.retryAfterMs - (this.#ticks() - this.#heardAt));
  }
}

export function permitted(epoch: number): Admission {
  return { permitted: true, ticket: { epoch, probeId: undefined } };
}

/** What an answer means for the call that asked. */
export function admissionOf(
  { verdict, report }: CircuitAnswer,
  probeId: string,
  waitedMs: number,
): Admission {
  switch (verdict) {
    case 'permitted':
      return { permitted: true, ticket: { epoch: report.epoch, probeId: undefined, waitedMs } };
    case 'trial':
      return { permitted: true, ticket: { epoch: report.epoch, probeId, waitedMs } };
    default:
      return {
        permitted: false,
        state: report.state,
        reason: verdict as Refusal, // what the script answers otherwise
        retryAfterMs: Math.max(1, report.retryAfterMs),
      };
  }
}
