import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import type { SkippedStep, StepJobData } from '../contracts/job.ts';
import { priorityClass } from '../contracts/priority.ts';
import { timeoutError } from '../kernel/abort.ts';
import { isFleetError, toFleetError, type FleetError } from '../kernel/errors.ts';
import type { AttemptObserver } from '../primitives/observe/attempt.ts';
import { withCorrelation } from '../observability/correlation.ts';
import { warnEarly } from './early-warnings.ts';
import { decodeJob, type DecodedJob } from './decode-job.ts';
import { openDirectJob } from './direct-job.ts';
import { putOff } from '../../queues/put-off.ts';
import { isFinal, isWait, waitMs } from './job-errors.ts';
import { NO_WORKFLOW, type Opened, type OpenJob, type ShellContext } from './shell.ts';
import { observeStep, type StepObserver } from './observe-step.ts';
import { openStep } from './step-job.ts';
import { tellStillWorking } from './still-working.ts';
import { recordStepFailure } from './step-failures.ts';

/** Handed to BullMQ as the reason when a process shuts down: the job goes back without losing an attempt. */
export const SHUTDOWN_REASON = 'shutdown';

/** Handed to BullMQ as the reason when a lock could not be renewed: another worker gets the job, or has it. */
export const LOCK_LOST_REASON = 'lock_lost';

/**
 * The shell of every agent job. In order:
 *
 * 1. decode the data; what cannot be understood is dead-lettered with the field's name, never retried
 * 2. open it: one round trip that also says whether there is anything left to do
 * 3. call the agent through its breaker, with a signal that aborts on timeout, interruption and shutdown
 * 4. record the result (one round trip), or map the error: retry, wait, give up
 */
export function createProcessor(shell: ShellContext) {
  return async (
    job: Job,
    token = '',
    signal: AbortSignal = new AbortController().signal,
  ): Promise<unknown> => {
    const started = performance.now();
    let step: StepJobData | null = null;
    let told: StepObserver | null = null;
    let opened: Opened | null = null;
    let isCalled = false;
    try {
      const decoded = decodeJob(job.data);
      if (decoded.kind === 'step') {
        step = decoded.data;
        told = observeStep(shell, job, step);
      }
      return await withCorrelation(correlationOf(shell, job, decoded), async () => {
        opened =
          decoded.kind === 'step'
            ? await openStep(shell, job, token, decoded.data, told!)
            : await openDirectJob(shell, job, token, decoded.data);
        if (opened.kind === 'done') return opened.value;
        return work(shell, job, signal, opened.job, () => (isCalled = true));
      });
    } catch (error) {
      if (signal.aborted && String(signal.reason) === SHUTDOWN_REASON) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      // The stalled check gives the job to somebody else, whose outcome counts; this one is not even a failure.
      if (signal.aborted && String(signal.reason) === LOCK_LOST_REASON) throw new WaitingError();
      if (isFleetError(error) && error.code === 'lock_lost') throw new WaitingError();
      throw await react(shell, job, token, step, told, opened, toFleetError(error, 'step_failed'), {
        durationMs: performance.now() - started,
        isCalled,
      });
    }
  };
}

function correlationOf(shell: ShellContext, job: Job, decoded: DecodedJob) {
  const ids =
    decoded.kind === 'step'
      ? { correlation_id: decoded.data.step.correlation_id, workflow_id: decoded.data.step.run_id }
      : { correlation_id: decoded.data.ctx?.correlation_id ?? `${job.queueName}~${job.id}` };
  return {
    ...ids,
    job_id: job.id!,
    queue: job.queueName,
    agent: shell.queue,
    attempt: job.attemptsMade + 1,
  };
}

async function work(
  shell: ShellContext,
  job: Job,
  signal: AbortSignal,
  open: OpenJob,
  onCall: () => void,
): Promise<unknown> {
  const { metrics, queue: agent } = shell;
  const { interruptible } = open;
  const interruption =
    interruptible && shell.activeJobs.track(interruptible.runId, interruptible.path, signal);
  const started = performance.now();
  const observe = (outcome: 'completed' | 'failed' | 'cancelled'): void => {
    const durationMs = performance.now() - started;
    if (outcome !== 'cancelled') shell.served?.(durationMs, outcome === 'failed');
    metrics.step_duration_seconds.observe(
      { agent, workflow: open.workflow, step: open.workflow === NO_WORKFLOW ? 'direct' : job.name, outcome },
      durationMs / 1000,
    );
  };
  metrics.step_wait_seconds.observe({ agent, priority: priorityClass(job.priority) }, open.queuedMs / 1000);
  let attempt: AttemptObserver | undefined;
  let stopWarning: (() => void) | undefined;
  let stopTelling: (() => void) | undefined;
  const call = (callSignal: AbortSignal): Promise<unknown> => {
    onCall();
    stopWarning = warnEarly(shell, open.warnings ?? []);
    if (open.notice !== undefined) stopTelling = tellStillWorking(shell, open.notice);
    attempt = open.attempt?.();
    return attempt === undefined ? open.call(callSignal) : attempt.run(() => open.call(callSignal));
  };
  try {
    const output = await shell.breakers.get(open.breaker).execute(call, {
      signal: interruption?.signal ?? signal,
      timeoutMs: open.timeoutMs,
      timeoutError:
        open.timeoutError ?? (() => timeoutError('step_timeout', `step "${job.name}"`, open.timeoutMs)),
    });
    const value = await open.record(output);
    attempt?.end(null);
    observe('completed');
    return value;
  } catch (error) {
    if (interruption?.wasInterrupted() === true) {
      attempt?.end({ code: 'cancelled' });
      observe('cancelled');
      return { skipped: true, because: 'given_up' } satisfies SkippedStep;
    }
    attempt?.end(toFleetError(error, 'step_failed'));
    observe('failed');
    throw error;
  } finally {
    stopWarning?.();
    stopTelling?.();
    interruption?.release();
  }
}

/** The error to hand to BullMQ, which decides what becomes of the job. */
async function react(
  shell: ShellContext,
  job: Job,
  token: string,
  step: StepJobData | null,
  told: StepObserver | null,
  opened: Opened | null,
  error: FleetError,
  { durationMs, isCalled }: { readonly durationMs: number; readonly isCalled: boolean },
): Promise<Error> {
  if (isWait(error)) {
    const { code, message } = error;
    await putOff(job, token, { code, message, isUnused: !isCalled }, shell.clock.now() + waitMs(error));
    return new DelayedError();
  }
  const attempt = job.attemptsMade + 1;
  const isUnwanted = opened?.kind === 'work' && opened.job.mayRetry?.(error) === false;
  const final = isUnwanted || isFinal(error, attempt, job.opts.attempts);
  if (step === null || told === null) {
    shell.log[final ? 'error' : 'warn'](
      { job_id: job.id!, queue: job.queueName, attempt, code: error.code, reason: error.message },
      final ? 'job failed for good' : 'job failed and will be tried again',
    );
  } else if (final) {
    const lock = { key: shell.lockKey(job), token };
    told.failed(error, await recordStepFailure(shell, step, { error, attempts: attempt, durationMs, lock }));
  } else {
    told.retrying(error);
  }
  shell.metrics.jobs_failed_total.inc({ queue: job.queueName, reason: reasonLabel(error) });
  if (!final) shell.metrics.jobs_retried_total.inc({ queue: job.queueName });
  // The reason begins with the code, so that Bull Board and the dead letters can be read.
  const message = `${error.code}: ${error.message}`;
  const handed = error.retryable && !isUnwanted ? new Error(message) : new UnrecoverableError(message);
  return Object.assign(handed, { stack: error.stack, code: error.code, retryAfterMs: error.retryAfterMs });
}

function reasonLabel(error: FleetError): string {
  if (error.kind === 'invalid_input') return 'validation';
  return error.kind === 'timeout' || error.kind === 'cancelled'
    ? { timeout: 'timeout', cancelled: 'cancelled' }[error.kind]
    : 'error';
}
