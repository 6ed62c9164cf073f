import type { RunNotices } from '../events/run-notices.ts';
import { isOpen } from '../contracts/run.ts';
import { readRunRecord } from '../primitives/durable/read-run.ts';
import type { RunRecord } from '../primitives/durable/run-record.ts';
import type { RedisStore } from '../redis/store.ts';
import { isTerminalEvent } from './run-view.ts';

/** Waits for the end of one run; made before the run starts, so that its end cannot be missed. */
export interface RunWaiter {
  /** The record when the run ends within `waitMs`, or as it stands then. */
  wait(waitMs: number, signal?: AbortSignal): Promise<RunRecord | null>;
  stop(): void;
}

export async function watchRun(store: RedisStore, notices: RunNotices, runId: string): Promise<RunWaiter> {
  const ended = Promise.withResolvers<void>();
  const stop = await notices.watch(runId, (type) => {
    if (isTerminalEvent(type)) ended.resolve();
  });
  return {
    stop,
    async wait(waitMs, signal) {
      const first = await readRunRecord(store, runId);
      if (first !== null && !isOpen(first.status)) return first;
      await waitAtMost(ended.promise, waitMs, signal);
      return readRunRecord(store, runId);
    },
  };
}

/** Resolves when `done` does, when the time is over, or when the caller has gone. */
async function waitAtMost(done: Promise<void>, waitMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, waitMs);
  const onAbort = (): void => over.resolve();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([done, over.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
