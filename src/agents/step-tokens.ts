import type { Job } from 'bullmq';
import type { StepJobData } from '../contracts/job.ts';
import type { JobLock } from '../primitives/durable/commit-step.ts';
import { finishTokens } from '../primitives/durable/token-stream.ts';
import type { ShellContext } from './shell.ts';
import { TokenWriter } from './token-writer.ts';

/** Where one delivery of a step shows the text it writes. */
export function tokenWriter(
  shell: ShellContext,
  job: Job,
  { step }: StepJobData,
  lock: JobLock,
  signal: AbortSignal,
): TokenWriter {
  const startedAt = performance.now();
  return new TokenWriter({
    store: shell.store,
    runId: step.run_id,
    step: step.path,
    attempt: job.attemptsStarted,
    isRepeated: job.attemptsStarted > 1 || step.generation > 0,
    lock,
    signal,
    log: shell.log,
    onFirst: () =>
      shell.metrics.stream_first_token_seconds.observe({}, (performance.now() - startedAt) / 1000),
  });
}

/** The worker before this one recorded the result and went no further. */
export async function completeTokens(shell: ShellContext, job: Job, { step }: StepJobData): Promise<void> {
  if (job.attemptsStarted === 1) return;
  try {
    await finishTokens(shell.store, step.run_id, step.path);
  } catch (error) {
    shell.log.debug({ workflow_id: step.run_id, step: step.path, err: error }, 'a text got no end');
  }
}
