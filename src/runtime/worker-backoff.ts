import { specOf } from '../../queues/catalogue.ts';
import { StepJobData } from '../contracts/job.ts';
import { PageJobData } from '../contracts/safety-job.ts';
import { RetryPolicy } from '../contracts/retry.ts';
import { noteRetry } from '../primitives/durable/fail-step.ts';
import { computeDelay, fromWire } from '../resilience/backoff.ts';
import type { Core } from './core.ts';

/** The one delay formula; the wait is also told to whoever watches the run. */
export function backoffStrategy(core: Core, name: string) {
  return async (
    attemptsMade: number,
    _type?: string,
    error?: Error,
    job?: { data?: unknown },
  ): Promise<number> => {
    const data = job?.data;
    const page = PageJobData.safeParse(data);
    if (page.success) return page.data.delays_ms[attemptsMade - 1] ?? page.data.delays_ms.at(-1) ?? 0;
    const own = typeof data === 'object' && data !== null && 'retry' in data ? data.retry : undefined;
    const policy = RetryPolicy.safeParse(own);
    const retryAfterMs = error !== undefined && 'retryAfterMs' in error ? Number(error.retryAfterMs ?? 0) : 0;
    const chosen = policy.success ? policy.data : specOf(name).retry;
    const delayMs = computeDelay(fromWire(chosen), attemptsMade, Math.random, retryAfterMs);
    const step = StepJobData.safeParse(data);
    if (step.success) {
      const { run_id: runId, path } = step.data.step;
      const errorCode = error !== undefined && 'code' in error ? String(error.code) : 'step_failed';
      await noteRetry(core.store, {
        runId,
        path,
        agent: name,
        attempt: attemptsMade,
        delayMs,
        errorCode,
        nowMs: core.clock.now(),
      });
    }
    return delayMs;
  };
}
