import { JobWait, type WhyKind, type WhyReason } from '../contracts/why.ts';
import { toIso } from '../kernel/clock.ts';
import type { WorkflowContext } from './context.ts';
import type { QueueFacts } from './queue-facts.ts';
import type { FoundJob } from './survey.ts';

/**
 * Why a job that waits for no other job has not ended. A job that seems free to start and has nobody in its way
 * waits for its turn.
 *
 * @param progressedAt  when the run last moved, epoch ms: no job of it waits longer
 */
export function explainJob(
  ctx: WorkflowContext,
  queues: QueueFacts,
  found: FoundJob,
  progressedAt: number,
): Promise<WhyReason[]> {
  switch (found.state) {
    case 'active':
      return explainActive(ctx, queues, found);
    case 'delayed':
      return explainDelayed(ctx, queues, found);
    default:
      return explainWaiting(queues, found, progressedAt);
  }
}

/** The delayed job of a pause; once it is due it waits like any other. */
export async function explainAlarm(
  ctx: WorkflowContext,
  queues: QueueFacts,
  found: FoundJob,
  progressedAt: number,
): Promise<WhyReason[]> {
  if (found.state !== 'delayed') return explainJob(ctx, queues, found, progressedAt);
  const untilMs = await delayedUntil(ctx, found);
  return [
    {
      kind: 'pause',
      subject: subjectOf(found),
      ...(untilMs === null ? {} : { until: toIso(untilMs) }),
      detail: `${found.path === '' ? 'the run' : `"${found.path}"`} pauses`,
      what_changes_it: 'time alone',
    },
    ...(await queues.blockers(found.queue)),
  ];
}

async function explainActive(
  ctx: WorkflowContext,
  queues: QueueFacts,
  found: FoundJob,
): Promise<WhyReason[]> {
  const { job, queue } = found;
  const lockMs = await ctx.store.redis.pttl(queue.toKey(`${job.id!}:lock`));
  const worker = job.processedBy === undefined ? 'a worker' : `worker "${job.processedBy}"`;
  const reason = {
    kind: 'step_active' as const,
    subject: subjectOf(found),
    ...(job.processedOn === undefined ? {} : { since: toIso(job.processedOn) }),
  };
  if (lockMs > 0) {
    return [
      {
        ...reason,
        until: toIso(ctx.clock.now() + lockMs),
        detail: `${worker} of queue "${queue.name}" works on ${titleOf(found)}`,
        what_changes_it: 'its end or time limit; a worker that dies loses its lock, which lasts until then',
      },
    ];
  }
  return [
    {
      ...reason,
      detail: `${worker} of queue "${queue.name}" took ${titleOf(found)} and lost its lock`,
      what_changes_it: `the check for stalled jobs by any worker of queue "${queue.name}" gives it to another`,
    },
    ...(await queues.blockers(queue)),
  ];
}

async function explainDelayed(
  ctx: WorkflowContext,
  queues: QueueFacts,
  found: FoundJob,
): Promise<WhyReason[]> {
  const { job, queue } = found;
  const untilMs = await delayedUntil(ctx, found);
  const wait = JobWait.safeParse(job.progress);
  const cause = wait.success && wait.data.until === untilMs ? wait.data : null;
  const until = untilMs === null ? {} : { until: toIso(untilMs) };
  const subject = subjectOf(found);
  const blockers = await queues.blockers(queue);
  if (cause !== null) {
    const kind = WAIT_KINDS[cause.waiting_for] ?? 'retry_delayed';
    const changes = WAIT_ENDS[kind] ?? 'another attempt, which is not counted';
    const detail = `${titleOf(found)} was put off: ${cause.message}`;
    return [{ kind, subject, ...until, detail, what_changes_it: changes }, ...blockers];
  }
  const failure = job.failedReason === undefined ? '' : `: ${job.failedReason}`;
  const of = job.opts.attempts === undefined ? '' : ` of ${job.opts.attempts}`;
  const detail =
    job.attemptsMade === 0
      ? `${titleOf(found)} is put off`
      : `attempt ${job.attemptsMade}${of} of ${titleOf(found)} failed${failure}`;
  return [
    { kind: 'retry_delayed', subject, ...until, detail, what_changes_it: 'the next attempt' },
    ...blockers,
  ];
}

async function explainWaiting(
  queues: QueueFacts,
  found: FoundJob,
  progressedAt: number,
): Promise<WhyReason[]> {
  const { job, queue } = found;
  const [blockers, before, { isMaxed, workers }] = await Promise.all([
    queues.blockers(queue),
    queues.jobsBefore(queue, job.id!),
    queues.of(queue),
  ]);
  const place = before === 0 ? 'next' : `behind ${before} other job${before === 1 ? '' : 's'}`;
  const limit = isMaxed ? ', which works on as many jobs as it may' : '';
  const waiting: WhyReason = {
    kind: 'step_waiting',
    subject: subjectOf(found),
    since: toIso(Math.max(job.timestamp, progressedAt)),
    detail: `${titleOf(found)} waits on queue "${queue.name}"${limit}: it is ${place}`,
    what_changes_it:
      blockers.length > 0
        ? `queue "${queue.name}" works again`
        : `one of ${workers} worker${workers === 1 ? '' : 's'} becomes free; more of them shorten it`,
  };
  return [...blockers, waiting];
}

const WAIT_KINDS: Readonly<Record<string, WhyKind>> = {
  circuit_open: 'circuit_open',
  workflow_version_unavailable: 'version_unknown',
};

const WAIT_ENDS: Readonly<Partial<Record<WhyKind, string>>> = {
  circuit_open: 'a trial call that succeeds; waiting costs no attempt',
  version_unknown: 'a worker that knows this version starts',
};

/** In BullMQ's set of delayed jobs: milliseconds, shifted by twelve bits that keep the order. */
async function delayedUntil(ctx: WorkflowContext, { job, queue }: FoundJob): Promise<number | null> {
  const score = await ctx.store.redis.zscore(queue.toKey('delayed'), job.id!);
  return score === null ? null : Math.floor(Number(score) / 0x1000);
}

function subjectOf({ job, path }: FoundJob): string {
  return path === '' ? job.id! : path;
}

function titleOf({ role, path }: FoundJob): string {
  switch (role) {
    case 'step':
      return `step "${path}"`;
    case 'branch':
      return `branch "${path}"`;
    case 'alarm':
      return 'the end of a pause';
    case 'call':
    case 'run':
      return 'the decision what follows';
  }
}
