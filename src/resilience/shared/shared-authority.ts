import type { Clock } from '../../kernel/clock.ts';
import { toBackendError } from '../../redis/script.ts';
import type { BreakerConfig } from '../breaker-config.ts';
import type { Admission, BreakerState, Ticket } from '../breaker-rules.ts';
import type { CallResult, CircuitAuthority, CircuitListener, CircuitView } from '../circuit-authority.ts';
import { LocalAuthority } from '../local-authority.ts';
import type { CircuitAnswer, CircuitEvent, CircuitReport } from './circuit-report.ts';
import { storedConfig, type CircuitStore, type StoredConfig } from './circuit-store.ts';
import { admissionOf, KnownCircuit, permitted, TRUST_MS } from './known-circuit.ts';
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

/** A call waits for so much of its limit before it is made; what is left of it is for its result. */
const ADMISSION_SHARE = 0.75;
/** Nobody waits for these. */
const QUIET_LIMIT_MS = 1000;
/** While calls are refused, or Redis is away, it is looked so often whether that still holds. */
const LOOK_AGAIN_MS = 1000;
const RETURN_EVERY_MS = 250;

/** Decides for all who share a Redis; for this process alone while Redis is away. */
export class SharedAuthority implements CircuitAuthority {
  readonly #circuit: SharedCircuit;
  readonly #stored: StoredConfig;
  readonly #known: KnownCircuit;
  #local: LocalAuthority | null = null;
  #asking: Promise<unknown> | null = null;
  #looking: Promise<unknown> | null = null;
  #lookedAt = -Infinity;
  #calls = 0;
  #isStopped = false;

  constructor(circuit: SharedCircuit) {
    this.#circuit = circuit;
    this.#known = new KnownCircuit(circuit.ticks);
    this.#stored = storedConfig(circuit.config);
    // The circuit is known to the fleet, and to this process, before its first call.
    this.#look();
  }

  admit(leaseMs: number): Admission | Promise<Admission> {
    if (!this.#circuit.config.enabled) return permitted(this.#known.report?.epoch ?? 0);
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
    const isWell = this.#known.isWell();
    if (isWell && probeId === undefined && this.#known.ageMs() < TRUST_MS) return;
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
    else if (this.#known.report?.isDegraded !== true) {
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
    return (this.#local ?? this.#known).view();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** A notice of another process. */
  hear(report: CircuitReport, events: readonly CircuitEvent[]): void {
    if (this.#isStopped || this.#local !== null || this.#known.isOlder(report)) return;
    this.#take(report, events, false);
  }

  /** Nothing that is known is believed any more; notices may have been missed, or the circuit was removed. */
  doubt(isRemoved = false): void {
    if (isRemoved) this.#known.forget();
    else this.#known.doubt();
  }

  /** Redis may be back. */
  tryReturn(): void {
    if (this.#local !== null) this.#look();
  }

  #believed(): Admission | undefined {
    const believed = this.#known.believed();
    // An operator may have closed it, and the notice may be lost.
    if (believed?.permitted === false && this.#known.ageMs() >= LOOK_AGAIN_MS) this.#look();
    return believed;
  }

  /** Calls that find the same thing stale ask once between them. */
  async #ask(leaseMs: number): Promise<Admission> {
    const askedAt = this.#circuit.ticks();
    if (this.#asking !== null && this.#known.seemsWell()) {
      await this.#asking;
      const believed = this.#local === null ? this.#believed() : undefined;
      if (believed !== undefined) return believed;
    }
    if (this.#local !== null) return this.#admitLocally(this.#local, leaseMs);
    const answer = this.#acquire(leaseMs, askedAt);
    const asking: Promise<unknown> = answer.finally(() => {
      if (this.#asking === asking) this.#asking = null;
    });
    this.#asking = asking;
    return answer;
  }

  async #acquire(leaseMs: number, askedAt: number): Promise<Admission> {
    const { store, name, ticks, answerLimitMs } = this.#circuit;
    const probeId = `${store.by}-${++this.#calls}`;
    const limitMs = Math.max(0, answerLimitMs * ADMISSION_SHARE - (ticks() - askedAt));
    try {
      const acquiring = store.acquire(name, this.#stored, probeId, leaseMs);
      const answer = await withinLimit(acquiring, limitMs, (late) => {
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
    const changing = withinLimit(store.change(name, to, this.#stored), QUIET_LIMIT_MS);
    const answer = await changing.catch((error: unknown) => {
      throw toBackendError(error, 'change-circuit');
    });
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
    if (!this.#known.isOlder(answer.report)) this.#take(answer.report, answer.events, true, answer.before);
    else this.#tell(answer.report, answer.events, true, answer.before);
  }

  #take(
    report: CircuitReport,
    events: readonly CircuitEvent[],
    isOwn: boolean,
    before = this.#known.report?.state,
  ): void {
    const known = this.#known.report;
    this.#known.hear(report);
    // What is found at the beginning has not happened just now.
    if (!isOwn && known === null) return;
    // Between what was known and what the script found, others were at work.
    if (isOwn && known !== null && before !== undefined && known.state !== before)
      this.#announce(known.state, before, report.changedAt, false);
    this.#tell(report, events, isOwn, before);
  }

  #tell(
    report: CircuitReport,
    events: readonly CircuitEvent[],
    isOwn: boolean,
    before: BreakerState | undefined,
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

  #announce(from: BreakerState, to: BreakerState, at: number, isOwn: boolean): void {
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
    const record = this.#known.recordAt(clock.now(), config.timeout_seconds * 1000);
    this.#local = new LocalAuthority(name, config, clock, listener, record);
    this.#lookedAt = ticks();
    listener.onModeChange({ name, mode: 'local', cause });
    return this.#local;
  }

  /** Redis answers again. Where only this process knows that calls fail, it says so once. */
  #comeBack(local: LocalAuthority, answer: CircuitAnswer): void {
    const { name, listener, store } = this.#circuit;
    const { state } = local.view();
    this.#local = null;
    this.#known.hear(answer.report);
    listener.onModeChange({ name, mode: 'shared' });
    this.#announce(state, answer.report.state, answer.report.changedAt, false);
    if (state === 'open' && answer.report.state === 'closed')
      void this.#quietly(() => store.failure(name, this.#stored));
  }
}
