import type { Job } from 'bullmq';
import type { StepJobData } from '../contracts/job.ts';
import { FleetError } from '../kernel/errors.ts';
import type { JobLock } from '../primitives/durable/commit-step.ts';
import { failStep } from '../primitives/durable/fail-step.ts';
import type { StoredError } from '../primitives/plan/node.ts';
import type { ShellContext } from './shell.ts';

/**
 * Write down that a step failed for good, so that the steps after it are skipped and the run can decide. A worker that
 * has lost the job writes nothing: another one does the work.
 * @returns false when nothing was written: its outcome was recorded before, or its run has ended, or the job is lost
 */
export async function recordStepFailure(
  shell: ShellContext,
  data: StepJobData,
  failure: { error: FleetError; attempts: number; durationMs: number; lock: JobLock },
): Promise<boolean> {
  const { error, attempts, durationMs, lock } = failure;
  return failStep(shell.store, {
    runId: data.step.run_id,
    path: data.step.path,
    agent: shell.queue,
    error: storedError(error, data.step.path, shell.clock.now(), attempts),
    durationMs: Math.round(durationMs),
    lock,
    generation: data.step.generation,
    nowMs: shell.clock.now(),
  });
}

export function storedError(error: FleetError, path: string, at: number, attempts: number): StoredError {
  return {
    code: error.code,
    message: error.message,
    path,
    retryable: error.retryable,
    at,
    attempts,
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/**
 * An earlier step has neither result nor error: its job was removed, or failed without its worker being able
 * to say so. BullMQ knows which; a failure is written down so that the run can decide.
 */
export async function recordLostUpstream(
  shell: ShellContext,
  job: Job,
  data: StepJobData,
  upstream: string,
): Promise<void> {
  const [reason] = Object.values(await job.getIgnoredChildrenFailures());
  if (reason === undefined) return;
  await failStep(shell.store, {
    runId: data.step.run_id,
    path: upstream,
    agent: upstream,
    error: { code: 'worker_lost', message: reason, path: upstream, retryable: true, at: shell.clock.now() },
    durationMs: null,
    lock: null,
    nowMs: shell.clock.now(),
  });
}

/** It was begun before, and nobody knows how far it got: it must not be done again behind anybody's back. */
export function outcomeUnknown(path: string): FleetError {
  return new FleetError({
    code: 'outcome_unknown',
    kind: 'internal',
    retryable: false,
    message: `step "${path}" was begun before and left no result; it is not idempotent, so it is not repeated`,
  });
}

export function deadlineExceeded(runId: string): FleetError {
  return new FleetError({
    code: 'deadline_exceeded',
    kind: 'timeout',
    retryable: false,
    message: `the deadline of run ${runId} has passed`,
  });
}

export function runNotFound(runId: string): FleetError {
  return new FleetError({
    code: 'run_not_found',
    kind: 'not_found',
    message: `the record of run ${runId} is gone`,
  });
}
