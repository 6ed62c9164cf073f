import { z } from 'zod';
import { IsoTime } from './identifiers.ts';

/** The states of a BullMQ job as the operator's view counts them. */
export const JOB_STATES = [
  'waiting',
  'prioritized',
  'active',
  'delayed',
  'waiting-children',
  'completed',
  'failed',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const QueueView = z
  .strictObject({
    name: z.string(),
    agent_type: z.string().nullable(),
    paused: z.boolean(),
    counts: z.record(z.enum(JOB_STATES), z.int()),
    oldest_waiting_s: z.number().nullable(),
    rate: z.strictObject({ completed_per_min: z.number(), failed_per_min: z.number() }),
    workers: z.int(),
    dlq: z.int(),
  })
  .meta({ id: 'Queue' });
export type QueueView = z.infer<typeof QueueView>;

/** A job or a message that was given up on. `dlq_id` is `<queue>~<job_id>`; mailboxes have queues `dlq.<type>.<instance>`. */
export const DeadLetter = z
  .strictObject({
    dlq_id: z.string(),
    queue: z.string(),
    job_id: z.string(),
    workflow_id: z.string().nullable(),
    reason: z.string(),
    error: z.string(),
    attempts: z.int(),
    first_failed_at: IsoTime.nullable(),
    dead_at: IsoTime,
    replays: z.int(),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.infer<typeof DeadLetter>;

export const DeadLetterDetail = z
  .strictObject({ ...DeadLetter.shape, data: z.unknown(), stacktrace: z.array(z.string()) })
  .meta({ id: 'DeadLetterDetail' });
export type DeadLetterDetail = z.infer<typeof DeadLetterDetail>;

export const Readiness = z
  .strictObject({
    status: z.enum(['ready', 'degraded', 'starting', 'draining', 'down']),
    checks: z.array(
      z.strictObject({
        name: z.string(),
        ok: z.boolean(),
        /** A failing essential check makes the process not ready; another one degrades it. */
        essential: z.boolean(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof Readiness>;

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}
