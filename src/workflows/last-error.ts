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
      const code = String(data?.['error_code'] ?? 'step_failed');
      return { code, message: reasonOf(fronts, step) ?? 'an attempt failed', path: step, at };
    });
  const [newest] = [...failed, ...retried].toSorted((a, b) => b.at - a.at);
  return newest === undefined ? null : { ...newest, at: toIso(newest.at) };
}

/** The message of a step's last attempt, which its job keeps after the code. */
function reasonOf(fronts: readonly FoundJob[], path: string): string | undefined {
  const front = fronts.find((found) => found.role === 'step' && found.path === path);
  return front?.job.failedReason?.replace(/^[a-z_]+: /, '');
}
