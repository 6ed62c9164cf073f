import type { RunExplanation } from '../contracts/why.ts';
import { toIso } from '../kernel/clock.ts';
import type { RunFacts } from '../primitives/durable/read-run.ts';
import type { FoundJob } from './survey.ts';

type LastError = NonNullable<RunExplanation['last_error']>;

/** What went wrong last: the run's own error once it ended, else the newest of its steps, retried ones included. */
export function lastError(facts: RunFacts, fronts: readonly FoundJob[]): LastError | null {
  const { run, errors, events } = facts;
  if (run.error !== undefined) {
    const { code, message, path } = run.error;
    const at = run.ended_at === undefined ? {} : { at: toIso(run.ended_at) };
    return { code, message, ...(path === undefined ? {} : { path }), ...at };
  }
  const failed = Object.entries(errors).map(([path, { code, message, at }]) => ({ code, message, path, at }));
  const retried = events
    .filter(({ type }) => type === 'step.retrying')
    .map(({ step, at, data }) => {
      const known = data?.['error_code'];
      const code = typeof known === 'string' ? known : 'step_failed';
      return { code, message: reasonOf(fronts, step) ?? 'an attempt failed', path: step, at };
    });
  // A job knows of its failure a moment before the run does.
  const waiting = fronts.flatMap(({ job, role, path, state }) => {
    if (role !== 'step' || state !== 'delayed' || job.failedReason === undefined) return [];
    return [{ ...splitReason(job.failedReason), path, at: job.processedOn ?? job.timestamp }];
  });
  const [newest] = [...failed, ...retried, ...waiting].toSorted((a, b) => b.at - a.at);
  return newest === undefined ? null : { ...newest, at: toIso(newest.at) };
}

/** The message of a step's last attempt, which its job keeps after the code. */
function reasonOf(fronts: readonly FoundJob[], path: string): string | undefined {
  const front = fronts.find((found) => found.role === 'step' && found.path === path);
  const reason = front?.job.failedReason;
  return reason === undefined ? undefined : splitReason(reason).message;
}

/** A failed job's reason begins with the code. */
function splitReason(reason: string): { code: string; message: string } {
  const [, code = 'step_failed', message = reason] = /^([a-z_]+): (.*)$/s.exec(reason) ?? [];
  return { code, message };
}
