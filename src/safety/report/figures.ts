import type { Escalation } from '../../contracts/escalation.ts';
import { CRISIS_LEVELS } from '../../contracts/safety.ts';
import { bucketMs, type HourOfSafety } from '../record/stats.ts';

/** Figures from what was recorded; null where nothing was. */

export interface Times {
  readonly n: number;
  readonly mean: number | null;
  readonly p95: number | null;
}

export function sumOf(hours: readonly HourOfSafety[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { counts } of hours) for (const [field, n] of counts) sum.set(field, (sum.get(field) ?? 0) + n);
  return sum;
}

/** The part of the counters that begins so, under the rest of their names. */
export function under(counts: ReadonlyMap<string, number>, start: string): Record<string, number> {
  const found = [...counts].filter(([field]) => field.startsWith(start));
  return Object.fromEntries(found.map(([field, n]) => [field.slice(start.length), n]));
}

export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}

export function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : round((100 * part) / whole);
}

/** Time until players in a crisis had their answer. */
export function answerTimes(counts: ReadonlyMap<string, number>): Times {
  const n = counts.get('answer:n') ?? 0;
  if (n === 0) return { n: 0, mean: null, p95: null };
  const buckets = Object.entries(under(counts, 'answer:b'))
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .toSorted(([a], [b]) => a - b);
  let seen = 0;
  const p95 = buckets.find(([, count]) => (seen += count) >= 0.95 * n);
  return {
    n,
    mean: round((counts.get('answer:ms') ?? 0) / n),
    p95: p95 === undefined ? null : round(bucketMs(p95[0])),
  };
}

/** Of those that somebody acknowledged. */
export function ackTimes(escalations: readonly Escalation[]): Times {
  const seconds = escalations
    .flatMap(({ acknowledged_at: at, created_at: from }) =>
      at === null ? [] : [(Date.parse(at) - Date.parse(from)) / 1000],
    )
    .toSorted((a, b) => a - b);
  const n = seconds.length;
  if (n === 0) return { n, mean: null, p95: null };
  return {
    n,
    mean: round(seconds.reduce((sum, s) => sum + s, 0) / n),
    p95: round(seconds[Math.ceil(0.95 * n) - 1]!),
  };
}

/** What is skipped was not sent; it is neither a success nor a failure. */
export function notificationsOf(escalations: readonly Escalation[]): {
  readonly outcomes: Record<string, number>;
  readonly successPercent: number | null;
} {
  const outcomes = countBy(
    escalations.flatMap(({ notifications }) => notifications),
    ({ outcome }) => outcome,
  );
  const { delivered = 0, failed = 0 } = outcomes;
  return { outcomes, successPercent: percent(delivered, delivered + failed) };
}

/** Of everything that was done for players. */
export function successPercent(counts: ReadonlyMap<string, number>): number | null {
  const actions = Object.entries(under(counts, 'action:'));
  const good = actions.filter(([name]) => name.endsWith(':ok')).reduce((sum, [, n]) => sum + n, 0);
  return percent(
    good,
    actions.reduce((sum, [, n]) => sum + n, 0),
  );
}

export function byLevel(counts: ReadonlyMap<string, number>): Record<string, number> {
  const crises = Object.entries(under(counts, 'crisis:'));
  return Object.fromEntries(
    CRISIS_LEVELS.map((level) => [
      level,
      crises.filter(([name]) => name.endsWith(`:${level}`)).reduce((sum, [, n]) => sum + n, 0),
    ]),
  );
}

export function countBy<T>(items: readonly T[], nameOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
