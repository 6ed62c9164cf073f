import type { JobSchedulerJson } from 'bullmq';
import { z } from 'zod';
import { BACKOFF_TYPE, QUEUES } from '../../../queues/catalogue.ts';
import type { Caller } from '../../contracts/caller.ts';
import { Schedule, ScheduleName, type PutSchedule, type ScheduleView } from '../../contracts/schedule.ts';
import { toIso } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import { canonicalJson } from '../../primitives/cache/canonical-json.ts';
import { forgetTicks, lastTick } from '../../primitives/durable/schedule-ticks.ts';
import { toBackendError } from '../../redis/script.ts';
import type { WorkflowContext } from '../context.ts';
import { findDefinition } from '../catalog/catalog.ts';
import { assertMayOverwrite } from '../access.ts';
import { checkStart, parseInput, validationFailed } from '../start.ts';
import { checkTimes, repeatOptions } from './check-schedule.ts';

/**
 * Schedules are BullMQ's job schedulers on `maintenance`; what is to be started stands in their template, so a
 * schedule is one thing in one place and is changed at one blow. What it did last stands beside it.
 */
export const SCHEDULE_JOB = 'wf-schedule';
const PREFIX = 'sched-';
/** Every list reads all of them. */
const MOST_SCHEDULES = 1000;

/** What a scheduler's jobs carry. */
export const ScheduleJobData = z.strictObject({
  schedule: ScheduleName,
  start: Schedule,
  created_by: z.string(),
  updated_at: z.int(),
});
export type ScheduleJobData = z.output<typeof ScheduleJobData>;

/** Sorted by name. Errors: backend_unavailable. */
export async function listSchedules(ctx: WorkflowContext): Promise<ScheduleView[]> {
  const all = await asking(ctx.maintenance.getJobSchedulers(0, -1, true));
  const ours = all.filter(({ key }) => key.startsWith(PREFIX));
  const views = await Promise.all(ours.map((scheduler) => viewOf(ctx, scheduler)));
  return views.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Errors: schedule_not_found, backend_unavailable. */
export async function getSchedule(ctx: WorkflowContext, name: string): Promise<ScheduleView> {
  const scheduler = await asking(ctx.maintenance.getJobScheduler(PREFIX + name));
  if (scheduler === undefined) throw scheduleNotFound(name);
  return viewOf(ctx, scheduler);
}

/**
 * Create a schedule or take another in its place. Putting the same one again changes nothing.
 *
 * Errors: workflow_not_found, invalid_schedule, invalid_timeout (422), validation_failed, too_many_schedules,
 *         backend_unavailable
 */
export async function putSchedule(
  ctx: WorkflowContext,
  name: string,
  request: PutSchedule,
  caller: Caller,
): Promise<{ schedule: ScheduleView; created: boolean }> {
  const parsed = Schedule.safeParse(request);
  if (!parsed.success) throw validationFailed(parsed.error, 'schedule', '');
  const start = parsed.data;
  const nowMs = ctx.clock.now();
  const definition = findDefinition(ctx.catalog, start.workflow, start.version);
  checkStart(ctx, definition, { timeout_s: start.timeout_s });
  parseInput(definition, start.input);
  // Nobody looks on when it starts, whoever created it.
  assertMayOverwrite(start.input, { id: caller.id, roles: new Set() });
  checkTimes(name, start, nowMs);
  const known = await asking(ctx.maintenance.getJobScheduler(PREFIX + name));
  if (known === undefined) await assertRoom(ctx);
  else if (isSame(known, start)) return { schedule: await viewOf(ctx, known), created: false };
  const data: ScheduleJobData = { schedule: name, start, created_by: caller.id, updated_at: nowMs };
  await asking(
    ctx.maintenance.upsertJobScheduler(PREFIX + name, repeatOptions(start), {
      name: SCHEDULE_JOB,
      data,
      opts: { priority: 1, attempts: QUEUES.flow.retry.max_attempts, backoff: { type: BACKOFF_TYPE } },
    }),
  );
  return { schedule: await getSchedule(ctx, name), created: known === undefined };
}

/** Runs that it started go on. Errors: schedule_not_found, backend_unavailable. */
export async function deleteSchedule(ctx: WorkflowContext, name: string): Promise<void> {
  const removed = await asking(ctx.maintenance.removeJobScheduler(PREFIX + name));
  await asking(forgetTicks(ctx.store, name));
  if (!removed) throw scheduleNotFound(name);
}

async function viewOf(ctx: WorkflowContext, scheduler: JobSchedulerJson): Promise<ScheduleView> {
  const { schedule, start, created_by, updated_at } = ScheduleJobData.parse(scheduler.template?.data);
  const last = await lastTick(ctx.store, schedule);
  const endMs = start.ends_at === undefined ? Infinity : Date.parse(start.ends_at);
  const { next } = scheduler;
  const isOver = next === undefined || next > endMs || ctx.clock.now() > endMs;
  return {
    name: schedule,
    ...start,
    created_by,
    updated_at: toIso(updated_at),
    next_run_at: isOver ? null : toIso(next),
    last:
      last === null
        ? null
        : {
            at: toIso(last.atMs),
            outcome: last.outcome,
            ...(last.runId === undefined || last.outcome === 'failed' ? {} : { run_id: last.runId }),
            ...(last.error === undefined ? {} : { error: last.error }),
          },
  };
}

function isSame(known: JobSchedulerJson, start: Schedule): boolean {
  const data = ScheduleJobData.safeParse(known.template?.data);
  const text = canonicalJson(start);
  return data.success && text !== null && canonicalJson(data.data.start) === text;
}

async function assertRoom(ctx: WorkflowContext): Promise<void> {
  if ((await asking(ctx.maintenance.getJobSchedulersCount())) <= MOST_SCHEDULES) return;
  throw new FleetError({
    code: 'too_many_schedules',
    kind: 'conflict',
    message: `a fleet has at most ${MOST_SCHEDULES} schedules; delete one first`,
  });
}

function scheduleNotFound(name: string): FleetError {
  return new FleetError({
    code: 'schedule_not_found',
    kind: 'not_found',
    message: `there is no schedule "${name}"`,
  });
}

async function asking<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toBackendError(error, 'asking for schedules');
  }
}
