import { z } from 'zod';
import { IsoTime } from './identifiers.ts';
import { Priority } from './priority.ts';
import { RunError } from './run.ts';

export const ScheduleName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,63}$/,
    'expected a lower case letter, then up to 63 lower case letters, digits, "_" or "-"',
  );

export const OVERLAPS = ['allow', 'skip'] as const;

/** When which run is started, again and again. Exactly one of `cron` and `every_ms`. */
export const Schedule = z
  .strictObject({
    workflow: z.string().min(1).max(128),
    /** Absent: the latest at each start. */
    version: z.int().positive().optional(),
    input: z.unknown(),
    /** Five fields, or six with seconds in front; `@hourly` and its like. */
    cron: z.string().min(1).max(200).optional(),
    /** The first run begins at once, or at `starts_at`. */
    every_ms: z.int().min(1000).max(31_536_000_000).optional(),
    /** IANA name; of the cron expression. Default UTC. */
    timezone: z.string().min(1).max(64).optional(),
    starts_at: z.iso.datetime({ offset: true }).optional(),
    ends_at: z.iso.datetime({ offset: true }).optional(),
    priority: Priority.default('normal'),
    timeout_s: z.number().positive().max(3600).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    /** What happens when the run before has not ended: `skip` starts none. */
    overlap: z.enum(OVERLAPS).default('allow'),
  })
  .meta({ id: 'PutSchedule' });
export type PutSchedule = z.input<typeof Schedule>;
export type Schedule = z.output<typeof Schedule>;

export const TICK_OUTCOMES = ['started', 'skipped', 'failed'] as const;
export type TickOutcome = (typeof TICK_OUTCOMES)[number];

export const ScheduleView = z
  .strictObject({
    name: ScheduleName,
    ...Schedule.shape,
    created_by: z.string(),
    updated_at: IsoTime,
    /** Null when it has ended. */
    next_run_at: IsoTime.nullable(),
    /** What it did when it was due last; null before that. */
    last: z
      .strictObject({
        /** When it was due. */
        at: IsoTime,
        outcome: z.enum(TICK_OUTCOMES),
        /** The run it started last, which for `skipped` had not ended. */
        run_id: z.string().optional(),
        error: RunError.optional(),
      })
      .nullable(),
  })
  .meta({ id: 'Schedule' });
export type ScheduleView = z.infer<typeof ScheduleView>;
