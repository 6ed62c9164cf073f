import { FleetError } from '../../kernel/errors.ts';
import type { CostRange } from '../../contracts/costs.ts';

/** Costs of so many UTC days are kept, today's among them. */
export const KEEP_DAYS = 45;
const DEFAULT_DAYS = 30;
const DAY_MS = 86_400_000;

/** `2026-08-15`: the day a moment belongs to. */
export function utcDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/**
 * The UTC days of a range, in order.
 * Errors: cost_range_invalid (invalid_input, 422), naming what is wrong with which end
 */
export function daysOf({ from, to }: Pick<CostRange, 'from' | 'to'>, nowMs: number): string[] {
  const earliest = utcDay(nowMs - (KEEP_DAYS - 1) * DAY_MS);
  const last = to === undefined ? startOf(utcDay(nowMs), 'to') : startOf(to, 'to');
  const first =
    from === undefined
      ? Math.max(last - (DEFAULT_DAYS - 1) * DAY_MS, startOf(earliest, 'from'))
      : startOf(from, 'from');
  if (utcDay(first) < earliest) {
    throw invalid('from', `costs are kept ${KEEP_DAYS} days: the earliest day is ${earliest}`);
  }
  if (last > nowMs) throw invalid('to', `"${to}" is not over yet: the latest day is ${utcDay(nowMs)}`);
  if (first > last) throw invalid('to', `"${utcDay(last)}" is before "${utcDay(first)}"`);
  return Array.from({ length: Math.round((last - first) / DAY_MS) + 1 }, (_, index) =>
    utcDay(first + index * DAY_MS),
  );
}

function startOf(day: string, field: 'from' | 'to'): number {
  const moment = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00.000Z`) : NaN;
  // A 30th of February is read as some day in March.
  if (!Number.isNaN(moment) && utcDay(moment) === day) return moment;
  throw invalid(field, `"${day}" is no day: expected a UTC day such as 2026-08-15`);
}

function invalid(field: 'from' | 'to', message: string): FleetError {
  return new FleetError({
    code: 'cost_range_invalid',
    kind: 'invalid_input',
    httpStatus: 422,
    message: `${field}: ${message}`,
    problems: [{ path: `/${field}`, code: 'cost_range_invalid', message }],
  });
}
