import { z } from 'zod';
import { IsoTime } from './identifiers.ts';
import { RunStatus } from './run.ts';

/** Why a run does not move, the one that needs somebody's help first. */
export const WHY_KINDS = [
  'ended',
  'unexplained',
  'not_driven',
  'session_turn_ahead',
  'queue_paused',
  'no_worker',
  'circuit_open',
  'version_unknown',
  'rate_limited',
  'retry_delayed',
  'step_waiting',
  'step_active',
  'waiting_for_signal',
  'delayed',
  'pause',
  'ending',
  'waiting_for_branch',
  'waiting_for_run',
] as const;
export const WhyKind = z.enum(WHY_KINDS);
export type WhyKind = z.infer<typeof WhyKind>;

/** One fact that keeps a run where it is. */
export const WhyReason = z
  .strictObject({
    kind: WhyKind,
    /** The step, queue, signal, branch, workflow or run it is about. */
    subject: z.string(),
    since: IsoTime.optional(),
    until: IsoTime.optional(),
    detail: z.string(),
    what_changes_it: z.string(),
  })
  .meta({ id: 'RunReason' });
export type WhyReason = z.infer<typeof WhyReason>;

/** Why a run is in its present state, from facts alone. */
export const RunExplanation = z
  .strictObject({
    run_id: z.string(),
    status: RunStatus,
    /** One sentence. */
    summary: z.string(),
    reasons: z.array(WhyReason).min(1),
    /** Further reasons that were left out; absent when all are here. */
    omitted: z.int().positive().optional(),
    last_error: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        path: z.string().optional(),
        at: IsoTime.optional(),
      })
      .optional(),
    /** The next moment at which a limit ends something: the run, a step, the wait for a signal. */
    next_deadline_at: IsoTime.optional(),
  })
  .meta({ id: 'RunExplanation' });
export type RunExplanation = z.infer<typeof RunExplanation>;

/**
 * The progress of a job that was put off without spending an attempt: what it waits for, and until when. It counts
 * only while the job is delayed until that very moment.
 */
export const JobWait = z.strictObject({
  waiting_for: z.string(),
  message: z.string(),
  until: z.int(),
  /** How often it was put off before anything of it was done. */
  unused: z.int().positive().optional(),
});
export type JobWait = z.infer<typeof JobWait>;
