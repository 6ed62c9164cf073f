import type { Clock } from '../kernel/clock.ts';
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
  type Admission,
  type BreakerRecord,
  type Ticket,
} from './breaker-rules.ts';
import type { CallResult, CircuitAuthority, CircuitListener, CircuitView } from './circuit-authority.ts';

/** Decides for this process alone: the rules over a record in memory. It never waits. */
export class LocalAuthority implements CircuitAuthority {
  readonly #name: string;
  readonly #config: BreakerConfig;
  readonly #clock: Clock;
  readonly #listener: CircuitListener;
  #record: BreakerRecord;
  #stateChangedAt: number | null = null;
  #isOverdueReported = false;
  #isDegraded = false;
  #calls = 0;

  /** @param record  where it begins; by default closed */
  constructor(
    name: string,
    config: BreakerConfig,
    clock: Clock,
    listener: CircuitListener,
    record: BreakerRecord = CLOSED_RECORD,
  ) {
    this.#name = name;
    this.#config = config;
    this.#clock = clock;
    this.#listener = listener;
    this.#record = record;
  }

  admit(leaseMs: number): Admission {
    const now = this.#clock.now();
    const probeId = String(++this.#calls);
    const { record, admission } = acquire(this.#record, this.#config, now, probeId, leaseMs);
    this.#become(record);
    this.#reportOverdue(now);
    return admission;
  }

  settle(result: CallResult, ticket: Ticket): void {
    switch (result) {
      case 'success':
        this.#become(recordSuccess(this.#record, this.#config, ticket));
        if (this.#record.state === 'closed') this.#setDegraded(false);
        break;
      case 'ignored':
        this.#become(recordIgnored(this.#record, ticket));
        break;
      case 'failure':
        this.#become(recordFailure(this.#record, this.#config, this.#clock.now(), ticket));
    }
  }

  degrade(): void {
    this.#setDegraded(true);
  }

  // oxlint-disable-next-line require-await -- done when it returns; others must ask for it
  async reset(): Promise<void> {
    this.#become(toClosed(this.#record));
  }

  // oxlint-disable-next-line require-await -- the same
  async forceOpen(): Promise<void> {
    this.#become(toOpen(this.#record, this.#clock.now()));
  }

  view(): CircuitView {
    const now = this.#clock.now();
    this.#reportOverdue(now);
    return {
      state: this.#record.state,
      failures: this.#record.failures,
      stateChangedAt: this.#stateChangedAt,
      retryAfterMs: refusalOf(this.#record, this.#config, now)?.retryAfterMs ?? null,
      isRecoveryOverdue: isRecoveryOverdue(this.#record, this.#config, now),
      isDegraded: this.#isDegraded,
      mode: 'local',
    };
  }

  stop(): void {}

  #become(record: BreakerRecord): void {
    const from = this.#record.state;
    this.#record = record;
    if (record.state === from) return;
    this.#stateChangedAt = this.#clock.now();
    this.#listener.onTransition({
      name: this.#name,
      from,
      to: record.state,
      at: this.#stateChangedAt,
      isOwn: true,
    });
    if (record.state !== 'closed') return;
    this.#isOverdueReported = false;
    this.#setDegraded(false);
  }

  #setDegraded(isDegraded: boolean): void {
    if (this.#isDegraded === isDegraded) return;
    this.#isDegraded = isDegraded;
    this.#listener.onDegradedChange({ name: this.#name, isDegraded, isOwn: true });
  }

  #reportOverdue(now: number): void {
    if (this.#isOverdueReported || !isRecoveryOverdue(this.#record, this.#config, now)) return;
    this.#isOverdueReported = true;
    const openForMs = now - (this.#record.firstOpenedAt ?? now);
    this.#listener.onRecoveryOverdue({ name: this.#name, openForMs });
  }
}
