import { toFleetError } from '../kernel/errors.ts';
import { NOTICE_EVERY_MS, noteStillWorking } from '../primitives/durable/still-working.ts';
import type { ShellContext } from './shell.ts';

/** When the watchers of a run are to be told that it is still worked on. */
export interface DueNotice {
  readonly runId: string;
  readonly path: string;
  readonly afterMs: number;
}

/**
 * Tell so while a handler runs. An attempt that ends before costs a timer and no round trip.
 * @returns stops it
 */
export function tellStillWorking(shell: ShellContext, { runId, path, afterMs }: DueNotice): () => void {
  let isOver = false;
  const tell = async (): Promise<void> => {
    try {
      const nowMs = shell.clock.now();
      const goesOn = await noteStillWorking(shell.store, { runId, path, agent: shell.queue, nowMs });
      if (goesOn && !isOver) timer = setTimeout(() => void tell(), NOTICE_EVERY_MS).unref();
    } catch (error) {
      shell.log.debug({ workflow_id: runId, reason: toFleetError(error).message }, 'a notice was lost');
    }
  };
  let timer = setTimeout(() => void tell(), Math.max(0, afterMs)).unref();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
