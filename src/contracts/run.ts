import { z } from 'zod';
import { IsoTime } from './identifiers.ts';
import { Priority } from './priority.ts';

export const RUN_STATUSES = [
  'pending',
  'running',
  'compensating',
  'completed',
  'failed',
  'cancelled',
  'timed_out',
  'rolled_back',
] as const;
export const RunStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof RunStatus>;

const OPEN: ReadonlySet<RunStatus> = new Set(['pending', 'running', 'compensating']);

/** Open runs may still change their world and session; terminal ones never do. */
export function isOpen(status: RunStatus): boolean {
  return OPEN.has(status);
}

/** Why a step or a run failed, as it is stored and shown. `code` is lower case in records. */
export const RunError = z.strictObject({
  code: z.string(),
  message: z.string(),
  path: z.string().optional(),
  attempts: z.int().optional(),
  /** Whether trying again may help. */
  retryable: z.boolean().optional(),
});
export type RunError = z.infer<typeof RunError>;

export const StepView = z
  .strictObject({
    name: z.string(),
    agent: z.string(),
    status: z.enum(['waiting', 'running', 'retrying', 'completed', 'failed', 'skipped']),
    attempts: z.int(),
    queued_ms: z.number().nullable(),
    duration_ms: z.number().nullable(),
    error_code: z.string().optional(),
    source: z.string().optional(),
  })
  .meta({ id: 'Step' });
export type StepView = z.infer<typeof StepView>;

/** A run as HTTP and the CLI show it. */
export const RunView = z
  .strictObject({
    run_id: z.string(),
    workflow: z.string(),
    version: z.int(),
    status: RunStatus,
    degraded: z.boolean(),
    generation: z.int(),
    priority: Priority,
    progress: z.number().min(0).max(100),
    session_id: z.string().optional(),
    /** The run that called this one. */
    parent_run_id: z.string().optional(),
    correlation_id: z.string(),
    submitted_by: z.string().optional(),
    user_id: z.string().optional(),
    /** The run whose input this one repeats. */
    retry_of: z.string().optional(),
    /** The run has not begun and will not before then. */
    delayed_until: IsoTime.optional(),
    created_at: IsoTime,
    started_at: IsoTime.nullable(),
    ended_at: IsoTime.nullable(),
    deadline_at: IsoTime.nullable(),
    /** When its agents should have answered; absent where they take their time, and before it could begin. */
    soft_deadline_at: IsoTime.optional(),
    completed_steps: z.array(z.string()),
    skipped_steps: z.array(z.string()),
    steps: z.array(StepView),
    error: RunError.nullable(),
    output: z.unknown(),
    metadata: z.record(z.string(), z.unknown()),
    /** The savepoint to which everything the run did was undone. */
    rolled_back_to: z.string().optional(),
  })
  .meta({ id: 'Run' });
export type RunView = z.infer<typeof RunView>;

/** A run in a list: without its steps, output and progress. */
export const RunSummary = RunView.omit({
  progress: true,
  completed_steps: true,
  skipped_steps: true,
  steps: true,
  output: true,
}).meta({ id: 'RunSummary' });
export type RunSummary = z.infer<typeof RunSummary>;

export const MAX_METADATA_BYTES = 16 * 1024;

/** Shallow: a key replaces the one of its name, and null removes it. */
export const MetadataPatch = z.record(z.string().min(1).max(128), z.unknown()).meta({ id: 'MetadataPatch' });
export type MetadataPatch = z.infer<typeof MetadataPatch>;

export const RUN_EVENT_TYPES = [
  'run.accepted',
  'run.started',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
  'run.rolled_back',
  'run.early_warning',
  'run.degraded',
  'service.recovered',
  'step.started',
  'step.progress',
  'step.retrying',
  'step.completed',
  'step.failed',
  'step.skipped',
] as const;
export type RunEventType = (typeof RUN_EVENT_TYPES)[number];

/** One entry of a run's own event stream. */
export const RunEvent = z
  .strictObject({
    id: z.string(),
    type: z.enum(RUN_EVENT_TYPES),
    run_id: z.string(),
    session_id: z.string().optional(),
    at: IsoTime,
    step: z.string().optional(),
    agent: z.string().optional(),
    /** How far the run is, where the event says so: 0 to 100, never less than before. */
    progress: z.number().min(0).max(100).optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'RunEvent' });
export type RunEvent = z.infer<typeof RunEvent>;
