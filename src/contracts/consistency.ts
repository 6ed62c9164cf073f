import { z } from 'zod';

/** What may be wrong with a run, as reports, histories and `workflow_repairs_total{kind}` name it. */
export const PROBLEMS = [
  'deadline_passed',
  'jobs_missing',
  'not_retried',
  'coordinator_lost',
  'session_stuck',
  'unexplained',
  'version_unknown',
  'not_watched',
  'jobs_left',
] as const;
export const Problem = z.enum(PROBLEMS);
export type Problem = z.infer<typeof Problem>;

export const CheckRuns = z
  .strictObject({
    /** Only this run; default: all, within bounds. */
    run_id: z.string().min(1).max(300).optional(),
    /** False: nothing is changed. */
    repair: z.boolean().default(false),
  })
  .meta({ id: 'CheckRuns' });
export type CheckRuns = z.input<typeof CheckRuns>;

export const ConsistencyFinding = z
  .strictObject({ run_id: z.string(), kind: Problem, detail: z.string() })
  .meta({ id: 'ConsistencyFinding' });
export type ConsistencyFinding = z.infer<typeof ConsistencyFinding>;

export const ConsistencyReport = z
  .strictObject({
    /** Runs that were looked at closely. */
    checked: z.int().min(0),
    /** False: there are more than one check looks at; the watchdog goes on with them. */
    complete: z.boolean(),
    findings: z.array(ConsistencyFinding),
    /** Findings that were acted upon. */
    repaired: z.int().min(0),
    /** Runs that could not be looked at or repaired, and why. */
    errors: z.array(z.strictObject({ run_id: z.string(), message: z.string() })),
  })
  .meta({ id: 'ConsistencyReport' });
export type ConsistencyReport = z.infer<typeof ConsistencyReport>;
