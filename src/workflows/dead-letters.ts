import type { Job, Queue } from 'bullmq';
import { StepJobData } from '../contracts/job.ts';
import type { DeadLetter, DeadLetterDetail } from '../contracts/operator.ts';
import type { DeadLetterFilter } from '../contracts/operations.ts';
import { toIso } from '../kernel/clock.ts';
import { FleetError } from '../kernel/errors.ts';
import { SAFETY_ROUND_JOB } from '../contracts/safety-job.ts';
import type { WorkflowContext } from './context.ts';
import { resumeFailedRun } from './resume.ts';
import { SCHEDULE_JOB } from './schedules/schedules.ts';

/**
 * Dead letters are the exhausted jobs in the failed sets of the agent queues, and the runs that a schedule could not
 * start: nothing is copied, so nothing can be lost on the way. A failed run job is no entry of its own, its failed step is.
 */
export interface DeadLetterContext extends WorkflowContext {
  /**
   * The agent queues by name, those of safety, and `maintenance` for schedules that could not start their run.
   */
  readonly deadLetterQueues: ReadonlyMap<string, Queue>;
}

const SEPARATOR = '~';

/** Newest first over all queues. */
export async function listDeadLetters(
  ctx: DeadLetterContext,
  filter: DeadLetterFilter,
): Promise<DeadLetter[]> {
  const queues = [...ctx.deadLetterQueues.values()].filter(
    (queue) => filter.queue === undefined || queue.name === filter.queue,
  );
  const pages = await Promise.all(queues.map((queue) => matching(ctx, queue, filter)));
  return pages.flat().toSorted(byNewest).slice(0, filter.limit);
}

/** The order of the list. */
export function byNewest(a: DeadLetter, b: DeadLetter): number {
  return compare(keyOf(b), keyOf(a));
}

/** Reads a queue's failed set in pages until enough entries fit or it ends. */
async function matching(
  ctx: DeadLetterContext,
  queue: Queue,
  filter: DeadLetterFilter,
): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  const pageSize = 100;
  for (let start = 0; found.length < filter.limit; start += pageSize) {
    const jobs = await queue.getFailed(start, start + pageSize - 1);
    const replays = await replaysOf(ctx, jobs);
    for (const [index, job] of jobs.entries()) {
      if (!isDeadLetter(job)) continue;
      const letter = toDeadLetter(job, replays[index] ?? 0);
      if (fitsFilter(letter, filter)) found.push(letter);
    }
    if (jobs.length < pageSize) break;
  }
  return found.slice(0, filter.limit);
}

/** By anything but its queue. */
export function fitsFilter(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const at = Date.parse(letter.dead_at);
  if (filter.reason !== undefined && letter.reason !== filter.reason) return false;
  if (filter.since !== undefined && at < filter.since) return false;
  return filter.after === undefined || compare(keyOf(letter), filter.after) < 0;
}

interface SortKey {
  readonly at: number;
  readonly id: string;
}

function keyOf(letter: DeadLetter): SortKey {
  return { at: Date.parse(letter.dead_at), id: letter.dlq_id };
}

function compare(a: SortKey, b: SortKey): number {
  return a.at - b.at || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** Errors: dead_letter_not_found (not_found). */
export async function getDeadLetter(ctx: DeadLetterContext, dlqId: string): Promise<DeadLetterDetail> {
  const job = await findJob(ctx, dlqId);
  const [replays] = await replaysOf(ctx, [job]);
  return { ...toDeadLetter(job, replays ?? 0), data: job.data, stacktrace: job.stacktrace ?? [] };
}

/**
 * Try again. A step's entry resumes its run, because a step that ran alone would wake nobody; a job that
 * stands alone goes back to its queue with all its attempts. The entry leaves only once the job is queued.
 *
 * Errors: dead_letter_not_found, run_not_found (not_found), run_not_resumable (conflict)
 */
export async function replayDeadLetter(ctx: DeadLetterContext, dlqId: string): Promise<{ job_id: string }> {
  const job = await findJob(ctx, dlqId);
  const step = StepJobData.safeParse(job.data);
  if (!step.success) {
    await retryAlone(job, dlqId);
    await ctx.store.redis.hincrby(ctx.store.keys.deadLetterReplays(), dlqId, 1);
    return { job_id: job.id! };
  }
  const { run_id: runId, session_id: sessionId } = step.data.step;
  await resumeFailedRun(ctx, runId, sessionId);
  await job.remove();
  return { job_id: runId };
}

async function retryAlone(job: Job, dlqId: string): Promise<void> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    throw new FleetError({
      code: 'already_replayed',
      kind: 'conflict',
      retryable: false,
      message: `dead letter "${dlqId}" was replayed already`,
      cause: error,
    });
  }
}

/** Errors: dead_letter_not_found (not_found). */
export async function discardDeadLetter(ctx: DeadLetterContext, dlqId: string): Promise<DeadLetter> {
  const job = await findJob(ctx, dlqId);
  const [replays] = await replaysOf(ctx, [job]);
  await job.remove();
  await ctx.store.redis.hdel(ctx.store.keys.deadLetterReplays(), dlqId);
  return toDeadLetter(job, replays ?? 0);
}

async function findJob(ctx: DeadLetterContext, dlqId: string): Promise<Job> {
  const cut = dlqId.indexOf(SEPARATOR);
  const queue = cut > 0 ? ctx.deadLetterQueues.get(dlqId.slice(0, cut)) : undefined;
  const job: Job | undefined = queue === undefined ? undefined : await queue.getJob(dlqId.slice(cut + 1));
  if (job !== undefined && isDeadLetter(job) && job.failedReason !== undefined && (await job.isFailed()))
    return job;
  throw deadLetterNotFound(dlqId);
}

export function deadLetterNotFound(dlqId: string): FleetError {
  return new FleetError({
    code: 'dead_letter_not_found',
    kind: 'not_found',
    message: `there is no dead letter "${dlqId}" (expected <queue>~<job id>)`,
  });
}

/** The fleet's own housekeeping happens again by itself. */
function isDeadLetter(job: Job): boolean {
  return (job.queueName !== 'maintenance' || job.name === SCHEDULE_JOB) && job.name !== SAFETY_ROUND_JOB;
}

async function replaysOf(ctx: DeadLetterContext, jobs: readonly Job[]): Promise<number[]> {
  if (jobs.length === 0) return [];
  const ids = jobs.map((job) => deadLetterId(job));
  const counts = await ctx.store.redis.hmget(ctx.store.keys.deadLetterReplays(), ...ids);
  // A step that was resumed under a new generation tells by its generation.
  return jobs.map((job, index) => Number(counts[index] ?? generationOf(job)));
}

function generationOf(job: Job): number {
  const step = StepJobData.safeParse(job.data);
  return step.success ? step.data.step.generation : 0;
}

function deadLetterId(job: Job): string {
  return `${job.queueName}${SEPARATOR}${job.id}`;
}

/** A failed job's reason begins with its code: `step_timeout: nga took longer than …`. */
function toDeadLetter(job: Job, replays: number): DeadLetter {
  const error = job.failedReason ?? '';
  const code = /^([a-z][a-z0-9_]*): /.exec(error)?.[1];
  const step = StepJobData.safeParse(job.data);
  return {
    dlq_id: deadLetterId(job),
    queue: job.queueName,
    job_id: job.id!,
    workflow_id: step.success ? step.data.step.run_id : null,
    reason: code ?? (error.startsWith('job stalled') ? 'worker_lost' : 'step_failed'),
    error,
    attempts: job.attemptsMade,
    first_failed_at: null,
    dead_at: toIso(job.finishedOn ?? job.timestamp),
    replays,
  };
}
