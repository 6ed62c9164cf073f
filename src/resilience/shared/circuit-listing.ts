import type { ScriptValue } from '../../redis/script.ts';
import { BreakerConfig } from '../breaker-config.ts';
import { BREAKER_STATES, type BreakerState } from '../breaker-rules.ts';
import { CALL_OUTCOMES, type CallOutcome } from '../breaker.ts';

/** A circuit with everything that is stored of it. Times are of Redis, in epoch milliseconds. */
export interface CircuitListing {
  readonly name: string;
  readonly state: BreakerState;
  /** Grows with every transition. */
  readonly epoch: number;
  readonly failures: number;
  readonly successes: number;
  /** Trial calls without a result. */
  readonly trials: number;
  /** Null when the next call is permitted. */
  readonly retryAfterMs: number | null;
  readonly stateChangedAt: number | null;
  readonly firstOpenedAt: number | null;
  readonly isRecoveryOverdue: boolean;
  /** Whether that has been told. */
  readonly isOverdueTold: boolean;
  readonly isDegraded: boolean;
  readonly config: BreakerConfig;
  readonly calls: Readonly<Record<CallOutcome, number>>;
  /** `closed>open` and its like. */
  readonly transitions: Readonly<Record<string, number>>;
  /** Seconds spent in each state, the present one included. */
  readonly stateSeconds: Readonly<Record<BreakerState, number>>;
}

/** The answer of the list-circuits script. */
export function readListing(answer: ScriptValue): CircuitListing[] {
  const [now, ...rows] = answer as readonly [string, ...(readonly ScriptValue[])[]];
  return rows.map((row) => {
    const [name, record, counts, trials, firstLapse] = row as readonly [
      string,
      readonly string[],
      readonly string[],
      number,
      string,
    ];
    return listingOf(name, pairs(record), pairs(counts), {
      now: Number(now),
      trials,
      firstLapse: Number(firstLapse),
    });
  });
}

function listingOf(
  name: string,
  record: ReadonlyMap<string, string>,
  counts: ReadonlyMap<string, string>,
  { now, trials, firstLapse }: { now: number; trials: number; firstLapse: number },
): CircuitListing {
  // A record is written by our scripts alone; one that lapsed was closed, or is as good as that.
  const state = (record.get('state') ?? 'closed') as BreakerState;
  const config = configOf(record.get('config'));
  const number = (field: string): number => Number(record.get(field) ?? 0);
  const changedAt = record.has('changed_at') ? number('changed_at') : null;
  const firstOpenedAt = record.get('first_opened_at') ? number('first_opened_at') : null;
  const left =
    state === 'open'
      ? number('opened_at') + config.timeout_seconds * 1000 - now
      : state === 'half_open' && trials >= config.half_open_max_calls
        ? Math.min(firstLapse - now, 1000)
        : 0;
  const count = (field: string): number => Number(counts.get(field) ?? 0);
  const seconds = (of: BreakerState): number =>
    (count(`ms:${of}`) + (of === state && changedAt !== null ? Math.max(0, now - changedAt) : 0)) / 1000;
  return {
    name,
    state,
    epoch: number('epoch'),
    failures: number('failures'),
    successes: number('successes'),
    trials,
    retryAfterMs: config.enabled && left > 0 ? Math.ceil(left) : null,
    stateChangedAt: changedAt,
    firstOpenedAt,
    isRecoveryOverdue:
      firstOpenedAt !== null && now - firstOpenedAt >= config.recovery_timeout_seconds * 1000,
    isOverdueTold: record.get('overdue') === '1',
    isDegraded: record.get('degraded') === '1',
    config,
    calls: Object.fromEntries(
      CALL_OUTCOMES.map((outcome) => [outcome, count(`calls:${outcome}`)]),
    ) as CircuitListing['calls'],
    transitions: Object.fromEntries(
      [...counts].filter(([field]) => field.includes('>')).map(([field, n]) => [field, Number(n)]),
    ),
    stateSeconds: Object.fromEntries(
      BREAKER_STATES.map((of) => [of, seconds(of)]),
    ) as CircuitListing['stateSeconds'],
  };
}

function configOf(json: string | undefined): BreakerConfig {
  try {
    const parsed = BreakerConfig.safeParse(JSON.parse(json ?? '{}'));
    if (parsed.success) return parsed.data;
  } catch {
    // Written by another version: the defaults are as good a guess as any.
  }
  return BreakerConfig.parse({});
}

function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) map.set(flat[index]!, flat[index + 1]!);
  return map;
}
