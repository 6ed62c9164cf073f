import { getNextMillis } from 'bullmq';
import type { Schedule } from '../../contracts/schedule.ts';
import { FleetError, type FieldProblem } from '../../kernel/errors.ts';

/**
 * Refuse times that make no sense. Cron expressions are read by the very function that will plan the runs.
 * Errors: invalid_schedule (422), every problem with its JSON pointer.
 */
export function checkTimes(name: string, schedule: Schedule, nowMs: number): void {
  const problems = [...formProblems(schedule), ...zoneProblems(schedule), ...endProblems(schedule, nowMs)];
  if (problems.length === 0) problems.push(...cronProblems(schedule, nowMs));
  const [first] = problems;
  if (first === undefined) return;
  throw new FleetError({
    code: 'invalid_schedule',
    kind: 'invalid_input',
    httpStatus: 422,
    message: `schedule "${name}": ${first.path}: ${first.message}`,
    problems,
  });
}

/** What BullMQ is told of the times. */
export function repeatOptions(schedule: Schedule) {
  const { cron, every_ms: every, timezone, starts_at: startsAt, ends_at: endsAt } = schedule;
  return {
    ...(cron === undefined ? {} : { pattern: cron, tz: timezone ?? 'UTC' }),
    ...(every === undefined ? {} : { every }),
    ...(startsAt === undefined ? {} : { startDate: new Date(startsAt) }),
    ...(endsAt === undefined ? {} : { endDate: new Date(endsAt) }),
  };
}

function formProblems({ cron, every_ms: every, timezone }: Schedule): FieldProblem[] {
  if (cron === undefined && every === undefined)
    return [problem('/cron', 'expected either cron or every_ms')];
  if (cron !== undefined && every !== undefined)
    return [problem('/every_ms', 'cron and every_ms exclude each other')];
  if (every !== undefined && timezone !== undefined)
    return [problem('/timezone', 'means nothing without cron')];
  const fields = cron?.trim().split(/\s+/) ?? [];
  if (cron === undefined || cron.startsWith('@') || fields.length === 5 || fields.length === 6) return [];
  return [problem('/cron', `expected five fields, or six with seconds in front; got ${fields.length}`)];
}

function zoneProblems({ timezone }: Schedule): FieldProblem[] {
  if (timezone === undefined || isTimeZone(timezone)) return [];
  return [problem('/timezone', `"${timezone}" is no IANA time zone, as Europe/Berlin is`)];
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function endProblems({ starts_at: startsAt, ends_at: endsAt }: Schedule, nowMs: number): FieldProblem[] {
  if (endsAt === undefined) return [];
  const endMs = Date.parse(endsAt);
  if (endMs <= nowMs) return [problem('/ends_at', 'is in the past')];
  const isBeforeStart = startsAt !== undefined && endMs <= Date.parse(startsAt);
  return isBeforeStart ? [problem('/ends_at', 'is not after starts_at')] : [];
}

function cronProblems(schedule: Schedule, nowMs: number): FieldProblem[] {
  if (schedule.cron === undefined) return [];
  let nextMs: number | undefined;
  try {
    nextMs = getNextMillis(nowMs, repeatOptions(schedule));
  } catch (error) {
    return [problem('/cron', error instanceof Error ? error.message : String(error))];
  }
  const endMs = schedule.ends_at === undefined ? Infinity : Date.parse(schedule.ends_at);
  return nextMs === undefined || nextMs > endMs ? [problem('/cron', 'names no moment before ends_at')] : [];
}

function problem(path: string, message: string): FieldProblem {
  return { path, message, code: 'custom' };
}
