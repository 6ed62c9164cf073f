import { z } from 'zod';
import { BREAKER_STATES, type BreakerState } from '../breaker-rules.ts';
import type { ScriptValue } from '../../redis/script.ts';

/** A circuit as Redis knew it at `at`. Times are of Redis, in epoch milliseconds. */
export interface CircuitReport {
  readonly state: BreakerState;
  readonly epoch: number;
  readonly failures: number;
  readonly successes: number;
  /** How long calls are refused; 0 when the next one is permitted. */
  readonly retryAfterMs: number;
  readonly changedAt: number;
  readonly firstOpenedAt: number | null;
  readonly isDegraded: boolean;
  readonly isOverdue: boolean;
  readonly at: number;
}

export const CIRCUIT_EVENTS = [
  'circuit_transition',
  /** Opened again while open, or reset while closed. */
  'circuit_renewed',
  /** The first failure of a count. */
  'circuit_failing',
  /** A success took the count of failures back. */
  'circuit_healthy',
  'circuit_recovery_overdue',
  'circuit_removed',
  'degraded_mode_activated',
  'degraded_mode_deactivated',
] as const;
export type CircuitEvent = (typeof CIRCUIT_EVENTS)[number];

/** The answer of a script: what it decided, what was before, what is now, and what it told everybody. */
export interface CircuitAnswer {
  readonly verdict: string;
  readonly before: BreakerState;
  readonly report: CircuitReport;
  readonly events: readonly CircuitEvent[];
}

/** A message of the channel of circuits. */
export interface CircuitNotice {
  readonly event: CircuitEvent;
  readonly name: string;
  /** The process whose call brought it about. */
  readonly by: string;
  /** The state before it. */
  readonly from: BreakerState | null;
  /** Null when the circuit was removed. */
  readonly report: CircuitReport | null;
}

export function readAnswer(answer: ScriptValue): CircuitAnswer {
  // The scripts of this room answer in exactly this form: circuit-lua.ts, `view`.
  const values = (answer as readonly (string | number)[]).map(String);
  const [verdict, before, state, epoch, failures, successes, wait, changed, first, degraded, overdue, at] =
    values as [string, BreakerState, BreakerState, ...string[]];
  const events = values[12] === '' ? [] : ((values[12]?.split(',') ?? []) as CircuitEvent[]);
  return {
    verdict,
    before,
    report: {
      state,
      epoch: Number(epoch),
      failures: Number(failures),
      successes: Number(successes),
      retryAfterMs: Number(wait),
      changedAt: Number(changed),
      firstOpenedAt: first === '' ? null : Number(first),
      isDegraded: degraded === '1',
      isOverdue: overdue === '1',
      at: Number(at),
    },
    events,
  };
}

const Notice = z.object({
  event: z.enum(CIRCUIT_EVENTS),
  name: z.string(),
  by: z.string(),
  from: z.enum(BREAKER_STATES),
  state: z.enum(BREAKER_STATES),
  epoch: z.number(),
  failures: z.number(),
  successes: z.number(),
  retry_after_ms: z.number(),
  changed_at: z.number(),
  first_opened_at: z.number().nullable(),
  degraded: z.boolean(),
  overdue: z.boolean(),
  at: z.number(),
});

const Removal = z.object({ event: z.literal('circuit_removed'), name: z.string(), by: z.string() });

/** Null for what cannot be read: another version may say more, or less. */
export function readNotice(text: string): CircuitNotice | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = Notice.safeParse(json);
  if (!parsed.success) {
    const removed = Removal.safeParse(json);
    return removed.success ? { ...removed.data, from: null, report: null } : null;
  }
  const { event, name, by, from, state, epoch, failures, successes, at, ...rest } = parsed.data;
  return {
    event,
    name,
    by,
    from,
    report: {
      state,
      epoch,
      failures,
      successes,
      retryAfterMs: rest.retry_after_ms,
      changedAt: rest.changed_at,
      firstOpenedAt: rest.first_opened_at,
      isDegraded: rest.degraded,
      isOverdue: rest.overdue,
      at,
    },
  };
}
