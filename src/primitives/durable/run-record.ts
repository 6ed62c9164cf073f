import { z } from 'zod';
import { RunContext } from '../../contracts/run-context.ts';
import { Priority } from '../../contracts/priority.ts';
import { RunError, RunStatus } from '../../contracts/run.ts';
import { StepValidation } from '../../contracts/safety.ts';
import { FleetError } from '../../kernel/errors.ts';

const EpochMs = z.coerce.number().int();
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);

/** Why a run must end. */
const Ending = z.object({
  code: z.enum(['cancelled', 'deadline_exceeded', 'coordinator_lost']),
  message: z.string(),
  path: z.literal(''),
});
export type Ending = z.infer<typeof Ending>;

/** By whom a run was called: it is one leaf of that run. */
const CalledBy = z.object({
  run_id: z.string(),
  path: z.string(),
  /** The run job that waits for it. */
  job_id: z.string(),
  /** How often the caller had been resumed when it called, or called again. */
  resumes: z.int(),
  /** How many runs there are around it. */
  depth: z.int(),
});
export type CalledBy = z.infer<typeof CalledBy>;

/** The run record as it stands in Redis (a hash of strings), parsed. Times are epoch milliseconds. */
const RunHash = z.object({
  run_id: z.string(),
  workflow: z.string(),
  version: z.coerce.number().int(),
  status: RunStatus,
  generation: z.coerce.number().int(),
  priority: Priority,
  input: json(z.unknown()),
  correlation_id: z.string(),
  created_at: EpochMs,
  timeout_ms: z.coerce.number(),
  session_id: z.string().optional(),
  world_id: z.string().optional(),
  user_id: z.string().optional(),
  submitted_by: z.string().optional(),
  request_id: z.string().optional(),
  traceparent: z.string().optional(),
  context: json(RunContext).optional(),
  /** Of a run that another one called. */
  called_by: json(CalledBy).optional(),
  /** The id of its run job, where that is not the run's own. */
  job_id: z.string().optional(),
  resumes: z.coerce.number().int().default(0),
  /** Milliseconds from its beginning within which its agents try to have answered; absent: they take their time. */
  soft_ms: z.coerce.number().optional(),
  /** Set when it asks no model, because it would be late. */
  goes_local: z.literal('1').optional(),
  started_at: EpochMs.optional(),
  ended_at: EpochMs.optional(),
  deadline_at: EpochMs.optional(),
  /** Set until a run that was to start later has begun. */
  delayed_until: EpochMs.optional(),
  /** The run whose input it repeats. */
  retry_of: z.string().optional(),
  /** What was found in its text before it began, where that is more than nothing. */
  screened: json(StepValidation).optional(),
  /** How far it is, 0 to 99; never less than before. */
  progress: z.coerce.number().optional(),
  degraded: z.enum(['0', '1']).default('0'),
  /** Set when the run must end: what is open is given up, and what was done is undone. */
  ending: json(Ending).optional(),
  output: json(z.unknown()).optional(),
  error: json(RunError).optional(),
  /** The savepoint its effects were undone to, all of them. */
  rolled_back_to: z.string().optional(),
  /** Set with the first effect. */
  has_effects: z.literal('1').optional(),
  /** Set with the first effect that was undone. */
  undone: z.literal('1').optional(),
  /** As the run was started: the one its plan sees, on every replay. */
  metadata: json(z.record(z.string(), z.unknown())).optional(),
  /** As it was changed since: the one that is shown. */
  metadata_now: json(z.record(z.string(), z.unknown())).optional(),
});
export type RunRecord = z.output<typeof RunHash>;

/** What a list needs of a record; neither input nor output. */
const ListedHash = RunHash.omit({ input: true, output: true, ending: true, screened: true });
export type ListedRun = z.output<typeof ListedHash>;

/** Fields of a record that a list reads. */
export const LISTED_FIELDS: readonly string[] = Object.keys(ListedHash.shape);

export function decodeListed(hash: Record<string, string>): ListedRun {
  return ListedHash.parse(hash);
}

/** The fields with which a run begins. */
export type NewRun = Pick<
  RunRecord,
  'run_id' | 'workflow' | 'version' | 'priority' | 'input' | 'correlation_id' | 'timeout_ms'
> &
  Partial<
    Pick<
      RunRecord,
      | 'session_id'
      | 'world_id'
      | 'user_id'
      | 'submitted_by'
      | 'request_id'
      | 'traceparent'
      | 'metadata'
      | 'context'
      | 'called_by'
      | 'delayed_until'
      | 'retry_of'
      | 'soft_ms'
      | 'goes_local'
      | 'screened'
    >
  >;

export function decodeRun(hash: Record<string, string>): RunRecord | null {
  if (hash['run_id'] === undefined) return null;
  const parsed = RunHash.safeParse(hash);
  if (parsed.success) return parsed.data;
  throw new FleetError({
    code: 'run_record_broken',
    kind: 'internal',
    message: `the record of run ${hash['run_id']} cannot be read: ${z.prettifyError(parsed.error)}`,
    retryable: false,
  });
}

/** Field, value, field, value … for HSET; absent fields are left out. */
export function encodeNewRun(run: NewRun, nowMs: number): string[] {
  const fields: Record<string, string | undefined> = {
    run_id: run.run_id,
    workflow: run.workflow,
    version: String(run.version),
    status: 'pending',
    generation: '0',
    priority: run.priority,
    input: JSON.stringify(run.input ?? null),
    correlation_id: run.correlation_id,
    created_at: String(nowMs),
    timeout_ms: String(run.timeout_ms),
    session_id: run.session_id,
    world_id: run.world_id,
    user_id: run.user_id,
    submitted_by: run.submitted_by,
    request_id: run.request_id,
    traceparent: run.traceparent,
    delayed_until: run.delayed_until === undefined ? undefined : String(run.delayed_until),
    retry_of: run.retry_of,
    soft_ms: run.soft_ms === undefined ? undefined : String(run.soft_ms),
    goes_local: run.goes_local,
    screened: run.screened === undefined ? undefined : JSON.stringify(run.screened),
    metadata: run.metadata === undefined ? undefined : JSON.stringify(run.metadata),
    context: run.context === undefined ? undefined : JSON.stringify(run.context),
    called_by: run.called_by === undefined ? undefined : JSON.stringify(run.called_by),
  };
  return Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
}

/** The id of the job that decides for a whole run. */
export function runJobIdOf(run: Pick<RunRecord, 'run_id' | 'job_id'>): string {
  return run.job_id ?? run.run_id;
}
