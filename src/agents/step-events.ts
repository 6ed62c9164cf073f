import type { Job } from 'bullmq';
import type { StepJobData } from '../contracts/job.ts';
import type { StepFacts } from '../primitives/durable/begin-step.ts';
import { nextNoticeAt } from '../primitives/durable/still-working.ts';
import type { OpenStepContext } from '../primitives/step-context.ts';
import type { DueNotice } from './still-working.ts';

/** What the completion event tells: how far the run is, the attempt, its duration from now on, and where the output came from. */
export function eventDataOf(
  job: Job,
  generation: number,
  progress: number,
): (output: unknown) => Record<string, unknown> {
  const started = performance.now();
  return (output) => {
    const source = typeof output === 'object' && output !== null && 'source' in output ? output.source : null;
    return {
      // First, where the script that records the result looks for it.
      progress,
      attempt: job.attemptsMade + 1,
      duration_ms: Math.round((performance.now() - started) * 10) / 10,
      ...(typeof source === 'string' ? { source } : {}),
      ...(generation === 0 ? {} : { generation }),
    };
  };
}

/** When it is due to say that the step is still worked on. */
export function noticeOf(
  step: StepJobData['step'],
  facts: StepFacts,
  deadlineAtMs: number,
  nowMs: number,
): DueNotice {
  const dueAtMs = nextNoticeAt(deadlineAtMs - facts.runTimeoutMs, facts.toldAtMs);
  return { runId: step.run_id, path: step.path, afterMs: dueAtMs - nowMs };
}

export function checkpointsOf(
  open: OpenStepContext | null,
): Pick<OpenStepContext, 'checkpoints'> | undefined {
  return open === null || open.checkpoints.length === 0 ? undefined : { checkpoints: open.checkpoints };
}
