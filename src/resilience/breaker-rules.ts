import type { BreakerConfig } from './breaker-config.ts';

/*
 * The decisions of a circuit breaker, free of clocks, timers and storage, so that a store shared by several
 * processes can make the same ones.
 *
 *   closed     --failure_threshold consecutive failures-->             open
 *   open       --first call after timeout_seconds-->                   half_open
 *   half_open  --success_threshold successes-->                        closed
 *   half_open  --any failure-->                                        open, with a new period
 *
 * The epoch grows with every transition. A result of a call that was admitted in an older epoch changes nothing.
 */

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface BreakerRecord {
  readonly state: BreakerState;
  readonly epoch: number;
  /** Consecutive failures while closed. */
  readonly failures: number;
  readonly lastFailureAt: number;
  /** Start of the present open period. */
  readonly openedAt: number;
  /** When the circuit left closed; null while it is closed. */
  readonly firstOpenedAt: number | null;
  /** Successful trial calls while half open. */
  readonly successes: number;
  /** Trial calls without a result: id to the moment when the slot is taken back. */
  readonly probes: ReadonlyMap<string, number>;
}

/** What a permitted call brings back with its result. */
export interface Ticket {
  readonly epoch: number;
  readonly probeId: string | undefined;
  /** Admitted by this process alone, while it could not ask the others. */
  readonly isLocal?: true;
  /** How long the call waited to be admitted. */
  readonly waitedMs?: number;
}

export const REFUSALS = ['circuit_breaker_open', 'half_open_max_calls_reached'] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Admission =
  | { readonly permitted: true; readonly ticket: Ticket }
  | {
      readonly permitted: false;
      readonly state: BreakerState;
      readonly reason: Refusal;
      readonly retryAfterMs: number;
    };

/** Longest wait that a caller is told while trial calls are being decided; they usually end much earlier. */
const UNDECIDED_RETRY_AFTER_MS = 1000;

export const CLOSED_RECORD: BreakerRecord = {
  state: 'closed',
  epoch: 0,
  failures: 0,
  lastFailureAt: 0,
  openedAt: 0,
  firstOpenedAt: null,
  successes: 0,
  probes: new Map(),
};

/**
 * Ask to call. Counts the call as a trial when the circuit is half open.
 *
 * @param probeId  unique per call
 * @param leaseMs  how long a trial call may stay without a result before its slot is given to another
 */
export function acquire(
  record: BreakerRecord,
  config: BreakerConfig,
  now: number,
  probeId: string,
  leaseMs: number,
): { readonly record: BreakerRecord; readonly admission: Admission } {
  if (!config.enabled) return { record, admission: permit(record, undefined) };
  const refusal = refusalOf(record, config, now);
  if (refusal !== undefined)
    return { record, admission: { permitted: false, state: record.state, ...refusal } };
  if (record.state === 'closed') return { record, admission: permit(record, undefined) };

  const halfOpen = record.state === 'half_open' ? record : toHalfOpen(record);
  const probes = liveProbes(halfOpen, now);
  probes.set(probeId, now + leaseMs);
  const next = { ...halfOpen, probes };
  return { record: next, admission: permit(next, probeId) };
}

/** Why a call would be refused now; undefined when it would be permitted. Changes nothing. */
export function refusalOf(
  record: BreakerRecord,
  config: BreakerConfig,
  now: number,
): { readonly reason: Refusal; readonly retryAfterMs: number } | undefined {
  if (!config.enabled || record.state === 'closed') return undefined;
  if (record.state === 'open') {
    const retryAfterMs = record.openedAt + config.timeout_seconds * 1000 - now;
    return retryAfterMs > 0 ? { reason: 'circuit_breaker_open', retryAfterMs } : undefined;
  }
  const probes = liveProbes(record, now);
  if (probes.size < config.half_open_max_calls) return undefined;
  const earliestEnd = Math.min(...probes.values()) - now;
  return {
    reason: 'half_open_max_calls_reached',
    retryAfterMs: Math.min(earliestEnd, UNDECIDED_RETRY_AFTER_MS),
  };
}

/** A permitted call succeeded. */
export function recordSuccess(record: BreakerRecord, config: BreakerConfig, ticket: Ticket): BreakerRecord {
  if (!config.enabled || ticket.epoch !== record.epoch) return record;
  if (record.state === 'closed') return record.failures === 0 ? record : { ...record, failures: 0 };
  if (record.state === 'open') return record;
  const successes = record.successes + 1;
  if (successes >= config.success_threshold) return toClosed(record);
  return { ...withoutProbe(record, ticket), successes };
}

/** A permitted call failed, or took too long. */
export function recordFailure(
  record: BreakerRecord,
  config: BreakerConfig,
  now: number,
  ticket: Ticket,
): BreakerRecord {
  if (!config.enabled || ticket.epoch !== record.epoch) return record;
  if (record.state === 'open') return record;
  if (record.state === 'half_open') return toOpen(record, now);
  const hasLapsed = now - record.lastFailureAt >= config.failure_window_seconds * 1000;
  const failures = hasLapsed ? 1 : record.failures + 1;
  const counted = { ...record, failures, lastFailureAt: now };
  return failures >= config.failure_threshold ? toOpen(counted, now) : counted;
}

/** A permitted call ended in a way that says nothing about the other side: only its slot is given back. */
export function recordIgnored(record: BreakerRecord, ticket: Ticket): BreakerRecord {
  return ticket.epoch === record.epoch ? withoutProbe(record, ticket) : record;
}

export function toOpen(record: BreakerRecord, now: number): BreakerRecord {
  return {
    ...record,
    ...fresh(record),
    state: 'open',
    openedAt: now,
    firstOpenedAt: record.firstOpenedAt ?? now,
  };
}

export function toClosed(record: BreakerRecord): BreakerRecord {
  return { ...CLOSED_RECORD, epoch: record.epoch + 1 };
}

/** Whether the circuit has not found back to closed in time since it first opened. */
export function isRecoveryOverdue(record: BreakerRecord, config: BreakerConfig, now: number): boolean {
  if (record.firstOpenedAt === null) return false;
  return now - record.firstOpenedAt >= config.recovery_timeout_seconds * 1000;
}

function toHalfOpen(record: BreakerRecord): BreakerRecord {
  return { ...record, ...fresh(record), state: 'half_open' };
}

function fresh(record: BreakerRecord) {
  return { epoch: record.epoch + 1, failures: 0, successes: 0, probes: new Map<string, number>() };
}

function permit(record: BreakerRecord, probeId: string | undefined): Admission {
  return { permitted: true, ticket: { epoch: record.epoch, probeId } };
}

function liveProbes(record: BreakerRecord, now: number): Map<string, number> {
  return new Map([...record.probes].filter(([, endsAt]) => endsAt > now));
}

function withoutProbe(record: BreakerRecord, ticket: Ticket): BreakerRecord {
  if (ticket.probeId === undefined || !record.probes.has(ticket.probeId)) return record;
  const probes = new Map(record.probes);
  probes.delete(ticket.probeId);
  return { ...record, probes };
}
