import { DelayedError, UnrecoverableError, WaitingError, type Job, type Processor } from 'bullmq';
import type { SafetyQueueName } from '../../queues/catalogue.ts';
import { putOff } from '../../queues/put-off.ts';
import { LOCK_LOST_REASON, SHUTDOWN_REASON } from '../agents/processor.ts';
import type { ChannelName } from '../contracts/escalation.ts';
import { CRISIS_LEVELS } from '../contracts/safety.ts';
import { PageJobData, ProtocolStepJobData, SAFETY_ROUND_JOB } from '../contracts/safety-job.ts';
import { FleetError, toFleetError } from '../kernel/errors.ts';
import { withCorrelation } from '../observability/correlation.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { deliverPage } from '../safety/escalations/deliver.ts';
import { SafetyRound } from '../safety/protocols/round.ts';
import { runProtocolStep } from '../safety/protocols/run-step.ts';
import type { Core } from './core.ts';
import { warnOfNoChannel, withChannels, type People } from './open-people.ts';

/** What the workers of the role `safety` do with their jobs. */
export interface SafetyJobs {
  processorOf(queue: SafetyQueueName): Processor;
}

const ROUND_EVERY_MS = 1_000;
/**
 * A page waits this long for those before it, so many times; then it is sent all the same. Together longer than a worker
 * that sends it may be silent (deliver.ts), or a slow one would be overtaken while it still speaks.
 */
const BUSY_MS = 250;
const MAX_WAITS = 28;

export function createSafetyJobs(core: Core, people: People, breakers: Breakers): SafetyJobs {
  warnOfNoChannel(core, people);
  const ctx = withChannels(core, people, breakers);
  beginAtZero(core.metrics, ctx.channels.keys());
  const round = new SafetyRound(ctx);
  return {
    processorOf(queue) {
      return (job, token = '', signal = new AbortController().signal) =>
        settled(core, queue, job, token, signal, () => {
          if (queue === 'safety-protocol') {
            if (job.name === SAFETY_ROUND_JOB) return round.runOnce(signal);
            return runProtocolStep(ctx, understood(ProtocolStepJobData, job), { isLast: isLast(job) });
          }
          const mayWait = job.attemptsStarted - job.attemptsMade < MAX_WAITS;
          return deliverPage(ctx, understood(PageJobData, job), signal, mayWait);
        });
    },
  };
}

/** An alert sees the first failure only where there was none before. */
function beginAtZero(metrics: Core['metrics'], channels: Iterable<ChannelName>): void {
  for (const channel of channels) metrics.safety_notifications_total.inc({ channel, outcome: 'failed' }, 0);
  for (const level of CRISIS_LEVELS) metrics.safety_escalations_total.inc({ level, outcome: 'created' }, 0);
}

/** One round at a time over the whole fleet: BullMQ adds the next when the present one begins. */
export async function scheduleSafetyRound(core: Core): Promise<void> {
  await core.queues.get('safety-protocol')!.upsertJobScheduler(
    SAFETY_ROUND_JOB,
    { every: ROUND_EVERY_MS },
    {
      name: SAFETY_ROUND_JOB,
      data: {},
      opts: { priority: 5, removeOnComplete: { count: 10 } },
    },
  );
}

/** What becomes of a job: done, again later without losing an attempt, again, or a dead letter. */
async function settled(
  core: Core,
  queue: SafetyQueueName,
  job: Job,
  token: string,
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const ids = { job_id: job.id!, queue, correlation_id: `${queue}~${job.id}`, attempt: job.attemptsMade + 1 };
  try {
    return await withCorrelation(ids, work);
  } catch (error) {
    if (signal.aborted && String(signal.reason) === LOCK_LOST_REASON) throw new WaitingError();
    if (signal.aborted && String(signal.reason) === SHUTDOWN_REASON) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    const failure = toFleetError(error);
    // Neither says anything about the page.
    if (failure.code === 'channel_busy' || failure.code === 'backend_unavailable') {
      await putOff(job, token, failure, core.clock.now() + (failure.retryAfterMs ?? BUSY_MS));
      throw new DelayedError();
    }
    // The next round looks at everything again.
    if (job.name === SAFETY_ROUND_JOB) {
      core.log.warn({ err: failure }, 'a round of safety was not finished');
      return { failed: failure.code };
    }
    const isOver = !failure.retryable || isLast(job);
    core.metrics.jobs_failed_total.inc({ queue, reason: reasonOf(failure) });
    if (!isOver) core.metrics.jobs_retried_total.inc({ queue });
    core.log[isOver ? 'error' : 'warn'](
      { err: failure },
      isOver ? 'a job of safety is a dead letter' : 'a job of safety is tried again',
    );
    const message = `${failure.code}: ${failure.message}`;
    throw failure.retryable ? new Error(message) : new UnrecoverableError(message);
  }
}

function isLast(job: Job): boolean {
  return job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
}

function reasonOf({ code, kind }: FleetError): string {
  if (code === 'circuit_open') return 'circuit_open';
  if (code === 'job_data_invalid') return 'validation';
  return kind === 'timeout' ? 'timeout' : 'error';
}

function understood<T>(
  schema: { safeParse(data: unknown): { success: true; data: T } | { success: false; error: Error } },
  job: Job,
): T {
  const parsed = schema.safeParse(job.data);
  if (parsed.success) return parsed.data;
  throw new FleetError({
    code: 'job_data_invalid',
    kind: 'invalid_input',
    message: `job "${job.id}" is none of ours: ${parsed.error.message}`,
    cause: parsed.error,
  });
}
