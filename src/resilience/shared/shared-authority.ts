import type { Clock } from '../../kernel/clock.ts';
import type { BreakerConfig } from '../breaker-config.ts';
import {
  CLOSED_RECORD,
  type Admission,
  type BreakerRecord,
  type Refusal,
  type Ticket,
} from '../breaker-rules.ts';
import type { CallResult, CircuitAuthority, CircuitListener, CircuitView } from '../circuit-authority.ts';
import { LocalAuthority } from '../local-authority.ts';
import type { CircuitAnswer, CircuitEvent, CircuitReport } from './circuit-report.ts';
import { storedConfig, type CircuitStore, type StoredConfig } from './circuit-store.ts';
import { withinLimit } from './within-limit.ts';

// How a circuit is shared
// 1. Redis decides. What it said last is kept: "closed without failures" is believed for a quarter of a second,
//    "open" until its period ends. Whatever else is known, or nothing, makes a call ask.
// 2. A failure is reported before its call returns; so is a success that Redis may have to count. A success of a
//    circuit known to be well is not reported at all, and one after long silence is, without anybody waiting.
// 3. Notices say what others brought about. One that is lost is made up for by the next question.
// 4. Where Redis does not answer in time, the rules go on in this process from what was known last ("local"), and
//    nobody waits for Redis until it has answered again. Then what Redis knows holds.

export interface SharedCircuit {
  readonly name: string;
  readonly config: BreakerConfig;
  readonly store: CircuitStore;
  readonly listener: CircuitListener;
  readonly clock: Clock;
  /** Milliseconds that only grow. */
  readonly ticks: () => number;
  /** How long one call may wait for Redis, before and after it is made together. */
  readonly answerLimitMs: number;
}

/** How long "closed without failures" is believed. */
export const TRUST_MS = 250;
/** A call waits for so much of its limit before it is made; what is left of it is for its result. */
const ADMISSION_SHARE = 0.75;
/** Nobody waits for these. */
const QUIET_LIMIT_MS = 1000;
/** While calls are refused, or Redis is away, it is looked so often whether that still holds. */
const LOOK_AGAIN_MS = 1000;
const RETURN_EVERY_MS = 250;

interface Known {
  readonly report: CircuitReport;
  readonly heardAt: number;
  /** Notices may have been missed since. */
  readonly isDoubted: boolean;
}

/** Decides for all who share a Redis; for this process alone while Redis is away. */
export class SharedAuthority implements CircuitAuthority {
  readonly #circuit: SharedCircuit;
  readonly #stored: StoredConfig;
  #known: Known | null = null;
  #local: LocalAuthority | null = null;
  #asking: Promise<unknown> | null = null;
  #looking: Promise<unknown> | null = null;
  #lookedAt = -Infinity;
  #calls = 0;
  #isStopped = false;

  constructor(circuit: SharedCircuit) {
    this.#circuit = circuit;
    this.#stored = storedConfig(circuit.config);
    // The circuit is known to the fleet, and to this process, before its first call.
    this.#look();
  }

  admit(leaseMs: number): Admission | Promise<Admission> {
    if (!this.#circuit.config.enabled) return permitted(this.#known?.report.epoch ?? 0);
    if (this.#local !== null) return this.#admitLocally(this.#local, leaseMs);
    return this.#believed() ?? this.#ask(leaseMs);
  }

  settle(result: CallResult, ticket: Ticket): void | Promise<void> {
    if (!this.#circuit.config.enabled) return;
    if (this.#local !== null) {
      this.#local.settle(result, ticket);
      return;
    }
    // What was admitted while Redis was away belongs to a count that no longer holds.
    if (ticket.isLocal === true) return;
    const { store, name } = this.#circuit;
    const { epoch, probeId } = ticket;
    if (result === 'failure') {
      return this.#report(() => store.failure(name, this.#stored, epoch), result, ticket);
    }
    if (result === 'ignored') {
      if (probeId === undefined) return;
      void this.#report(() => store.release(name, this.#stored, epoch, probeId), result, ticket);
      return;
    }
    const known = this.#known?.report;
    const isWell = known?.state === 'closed' && known.failures === 0 && !known.isDegraded;
    if (isWell && probeId === undefined && this.#age() < TRUST_MS) return;
    const reporting = this.#report(
      () => store.success(name, this.#stored, epoch, probeId ?? ''),
      result,
      ticket,
    );
    // Long silence: most likely all is well, and if not, this is counted without delay for the caller.
    if (!isWell || probeId !== undefined) return reporting;
  }

  degrade(): void {
    if (this.#local !== null) this.#local.degrade();
    else if (this.#known?.report.isDegraded !== true) {
      const { store, name } = this.#circuit;
      void this.#quietly(() => store.degrade(name, this.#stored));
    }
  }

  async reset(): Promise<void> {
    await this.#change('reset');
  }

  async forceOpen(): Promise<void> {
    await this.#change('open');
  }

  view(): CircuitView {
    if (this.#local !== null) return this.#local.view();
    const report = this.#known?.report;
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

  stop(): void {
    this.#isStopped = true;
  }

  /** A notice of another process. */
  hear(report: CircuitReport, events: readonly CircuitEvent[]): void {
    if (this.#isStopped || this.#local !== null || this.#isOlder(report)) return;
    this.#take(report, events, false);
  }

  /** Nothing that is known is believed any more; notices may have been missed, or the circuit was removed. */
  doubt(isRemoved = false): void {
    if (isRemoved) this.#known = null;
    else if (this.#known !== null) this.#known = { ...this.#known, isDoubted: true };
  }

  /** Redis may be back. */
  tryReturn(): void {
    if (this.#local !== null) this.#look();
  }

  /** What can be said without a question; undefined: nothing. */
  #believed(): Admission | undefined {
    const known = this.#known;
    if (known === null || known.isDoubted) return undefined;
    const { state, failures, epoch } = known.report;
    if (state === 'closed') return failures === 0 && this.#age() < TRUST_MS ? permitted(epoch) : undefined;
    if (state !== 'open') return undefined;
    const leftMs = this.#refusedForMs();
    if (leftMs <= 0) return undefined;
    // An operator may have closed it, and the notice may be lost.
    if (this.#age() >= LOOK_AGAIN_MS) this.#look();
    return { permitted: false, state, reason: 'circuit_breaker_open', retryAfterMs: leftMs };
  }

  /** Calls that find the same thing stale ask once between them. */
  async #ask(leaseMs: number): Promise<Admission> {
    if (this.#asking !== null && this.#seemsWell()) {
      await this.#asking;
      const believed = this.#local === null ? this.#believed() : undefined;
      if (believed !== undefined) return believed;
    }
    if (this.#local !== null) return this.#admitLocally(this.#local, leaseMs);
    const answer = this.#acquire(leaseMs);
    const asking: Promise<unknown> = answer.finally(() => {
      if (this.#asking === asking) this.#asking = null;
    });
    this.#asking = asking;
    return await answer;
  }

  async #acquire(leaseMs: number): Promise<Admission> {
    const { store, name, ticks, answerLimitMs } = this.#circuit;
    const probeId = `${store.by}-${++this.#calls}`;
    const askedAt = ticks();
    try {
      const acquiring = store.acquire(name, this.#stored, probeId, leaseMs);
      const answer = await withinLimit(acquiring, answerLimitMs * ADMISSION_SHARE, (late) => {
        if (late.verdict !== 'trial') return;
        // The slot was given to nobody.
        const { epoch } = late.report;
        void store.release(name, this.#stored, epoch, probeId).catch(() => undefined);
      });
      this.#heard(answer);
      return admissionOf(answer, probeId, ticks() - askedAt);
    } catch (error) {
      return this.#admitLocally(this.#goLocal(error), leaseMs);
    }
  }

  /** Never rejects: where Redis does not take it, this process does. */
  async #report(ask: () => Promise<CircuitAnswer>, result: CallResult, ticket: Ticket): Promise<void> {
    try {
      const limitMs = this.#circuit.answerLimitMs - (ticket.waitedMs ?? 0);
      this.#heard(await withinLimit(ask(), limitMs));
    } catch (error) {
      this.#goLocal(error).settle(result, ticket);
    }
  }

  async #change(to: 'reset' | 'open'): Promise<void> {
    const { store, name } = this.#circuit;
    const answer = await store.change(name, to, this.#stored);
    if (answer !== null) this.#heard(answer);
  }

  async #quietly(ask: () => Promise<CircuitAnswer>): Promise<void> {
    // A Redis that is too slow for calls is not back yet.
    const limitMs = this.#local === null ? QUIET_LIMIT_MS : this.#circuit.answerLimitMs;
    try {
      this.#heard(await withinLimit(ask(), limitMs));
    } catch {
      // The next call that needs an answer finds out that there is none.
    }
  }

  /** One look at a time; while Redis is away it is what finds it again. */
  #look(): void {
    const { store, name, ticks } = this.#circuit;
    if (this.#looking !== null || this.#isStopped) return;
    this.#lookedAt = ticks();
    this.#looking = this.#quietly(() => store.look(name, this.#stored)).finally(() => {
      this.#looking = null;
    });
  }

  #heard(answer: CircuitAnswer): void {
    if (this.#isStopped) return;
    if (this.#local !== null) {
      this.#comeBack(this.#local, answer);
      return;
    }
    // Answers come in the order of the questions; only a notice may be ahead of them.
    if (!this.#isOlder(answer.report)) this.#take(answer.report, answer.events, true, answer.before);
    else this.#tell(answer.report, answer.events, true, answer.before);
  }

  #isOlder(report: CircuitReport): boolean {
    const known = this.#known?.report;
    if (known === undefined || report.epoch > known.epoch) return false;
    return report.epoch < known.epoch || report.at < known.at;
  }

  #take(
    report: CircuitReport,
    events: readonly CircuitEvent[],
    isOwn: boolean,
    before = this.#known?.report.state,
  ): void {
    const known = this.#known?.report;
    this.#known = { report, heardAt: this.#circuit.ticks(), isDoubted: false };
    // What is found at the beginning has not happened just now.
    if (!isOwn && known === undefined) return;
    // Between what was known and what the script found, others were at work.
    if (isOwn && known !== undefined && before !== undefined && known.state !== before)
      this.#announce(known.state, before, report.changedAt, false);
    this.#tell(report, events, isOwn, before);
  }

  #tell(
    report: CircuitReport,
    events: readonly CircuitEvent[],
    isOwn: boolean,
    before: CircuitReport['state'] | undefined,
  ): void {
    const { name, listener } = this.#circuit;
    if (before !== undefined) this.#announce(before, report.state, report.changedAt, isOwn);
    for (const event of events) {
      if (event === 'degraded_mode_activated') listener.onDegradedChange({ name, isDegraded: true, isOwn });
      if (event === 'degraded_mode_deactivated')
        listener.onDegradedChange({ name, isDegraded: false, isOwn });
      if (event === 'circuit_recovery_overdue' && isOwn) {
        listener.onRecoveryOverdue({ name, openForMs: report.at - (report.firstOpenedAt ?? report.at) });
      }
    }
  }

  #announce(from: CircuitReport['state'], to: CircuitReport['state'], at: number, isOwn: boolean): void {
    if (from !== to) this.#circuit.listener.onTransition({ name: this.#circuit.name, from, to, at, isOwn });
  }

  #admitLocally(local: LocalAuthority, leaseMs: number): Admission {
    if (this.#circuit.ticks() - this.#lookedAt >= RETURN_EVERY_MS) this.#look();
    const admission = local.admit(leaseMs);
    if (!admission.permitted) return admission;
    return { permitted: true, ticket: { ...admission.ticket, isLocal: true } };
  }

  /** The rules go on here, from what was known last. */
  #goLocal(cause: unknown): LocalAuthority {
    if (this.#local !== null) return this.#local;
    const { name, config, clock, listener, ticks } = this.#circuit;
    this.#local = new LocalAuthority(name, config, clock, listener, this.#recordNow());
    this.#lookedAt = ticks();
    listener.onModeChange({ name, mode: 'local', cause });
    return this.#local;
  }

  /** Redis answers again. Where only this process knows that calls fail, it says so once. */
  #comeBack(local: LocalAuthority, answer: CircuitAnswer): void {
    const { name, listener, store } = this.#circuit;
    const { state } = local.view();
    this.#local = null;
    this.#known = { report: answer.report, heardAt: this.#circuit.ticks(), isDoubted: false };
    listener.onModeChange({ name, mode: 'shared' });
    this.#announce(state, answer.report.state, answer.report.changedAt, false);
    if (state === 'open' && answer.report.state === 'closed')
      void this.#quietly(() => store.failure(name, this.#stored));
  }

  #recordNow(): BreakerRecord {
    const report = this.#known?.report;
    if (report === undefined) return CLOSED_RECORD;
    const now = this.#circuit.clock.now();
    const leftMs = Math.max(0, this.#refusedForMs());
    return {
      ...CLOSED_RECORD,
      state: report.state,
      epoch: report.epoch,
      failures: report.failures,
      lastFailureAt: report.failures > 0 ? now : 0,
      openedAt: report.state === 'open' ? now - this.#circuit.config.timeout_seconds * 1000 + leftMs : 0,
      firstOpenedAt: report.state === 'closed' ? null : (report.firstOpenedAt ?? now),
      successes: report.successes,
    };
  }

  #seemsWell(): boolean {
    const report = this.#known?.report;
    return report === undefined || (report.state === 'closed' && report.failures === 0);
  }

  #age(): number {
    const known = this.#known;
    return known === null || known.isDoubted ? Infinity : this.#circuit.ticks() - known.heardAt;
  }

  #refusedForMs(): number {
    const known = this.#known;
    if (known === null || known.report.state === 'closed') return 0;
    return Math.ceil(known.report.retryAfterMs - (this.#circuit.ticks() - known.heardAt));
  }
}

function permitted(epoch: number): Admission {
  return { permitted: true, ticket: { epoch, probeId: undefined } };
}

function admissionOf({ verdict, report }: CircuitAnswer, probeId: string, waitedMs: number): Admission {
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
