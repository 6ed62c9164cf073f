import { z } from 'zod';
import { CorrelationId, RunIdText, SessionIdText } from './identifiers.ts';
import { RetryPolicy } from './retry.ts';

/** Version of the job data contract; a change that old workers cannot read raises it. */
export const JOB_DATA_VERSION = 1;

/** What a step job of a run carries: where it belongs. Its input stands in the run's own hashes. */
export const StepContext = z.strictObject({
  run_id: RunIdText,
  workflow: z.string(),
  version: z.int().positive(),
  path: z.string().min(1),
  generation: z.int().min(0),
  correlation_id: CorrelationId,
  /** The step before it in its chain: without its result this one has nothing to do. */
  after: z.string().optional(),
  /** Finished turns of the session that the step wants to see. */
  recent_turns: z.int().min(0).max(100).optional(),
  session_id: SessionIdText.optional(),
  world_id: z.string().optional(),
  request_id: z.string().optional(),
  traceparent: z.string().optional(),
});
export type StepContext = z.infer<typeof StepContext>;

export const StepJobData = z.strictObject({
  v: z.literal(JOB_DATA_VERSION),
  step: StepContext,
  /** Absent: the queue's own policy. */
  retry: RetryPolicy.optional(),
});
export type StepJobData = z.infer<typeof StepJobData>;

/**
 * What any BullMQ producer, in any language, may put on an agent queue: the agent's own input, and optionally
 * who asks. The agent's output becomes the job's return value.
 */
export const DirectJobData = z.strictObject({
  v: z.literal(JOB_DATA_VERSION),
  input: z.unknown(),
  ctx: z
    .strictObject({ correlation_id: CorrelationId.optional(), session_id: SessionIdText.optional() })
    .optional(),
  retry: RetryPolicy.optional(),
});
export type DirectJobData = z.infer<typeof DirectJobData>;

/** The job that owns a run: woken when its segment has settled. */
export const RunJobData = z.strictObject({
  v: z.literal(JOB_DATA_VERSION),
  run_id: RunIdText,
  workflow: z.string(),
  version: z.int().positive(),
  /** The branch this job decides for; absent: the whole run. */
  scope: z.string().optional(),
  correlation_id: CorrelationId,
  session_id: SessionIdText.optional(),
});
export type RunJobData = z.infer<typeof RunJobData>;

/** A step that did not call its agent because the run had ended or an earlier step had failed. */
export interface SkippedStep {
  readonly skipped: true;
  readonly because: string;
}
