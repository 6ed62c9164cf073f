import { linkAbort } from '../kernel/abort.ts';
import { FleetError } from '../kernel/errors.ts';

interface Tracked {
  readonly path: string;
  readonly controller: AbortController;
  wasInterrupted: boolean;
}

/**
 * The jobs this process is working on, by run. BullMQ can cancel only jobs of the same worker object, so a run or
 * a step that is given up elsewhere is announced to every process, and each aborts what it holds.
 */
export class ActiveJobs {
  readonly #byRun = new Map<string, Set<Tracked>>();

  /** Register work for a step; the returned signal aborts when the step is interrupted or `outer` aborts. */
  track(
    runId: string,
    path: string,
    outer: AbortSignal,
  ): { signal: AbortSignal; wasInterrupted: () => boolean; release: () => void } {
    const tracked: Tracked = { path, controller: new AbortController(), wasInterrupted: false };
    const untie = linkAbort(outer, tracked.controller);
    const all = this.#byRun.get(runId) ?? new Set();
    all.add(tracked);
    this.#byRun.set(runId, all);
    return {
      signal: tracked.controller.signal,
      wasInterrupted: () => tracked.wasInterrupted,
      release: () => {
        untie();
        all.delete(tracked);
        if (all.size === 0) this.#byRun.delete(runId);
      },
    };
  }

  /** @param notice  `<run id>`, or `<run id> <path>` for one step */
  interrupt(notice: string): void {
    const [runId = '', path] = notice.split(' ', 2);
    for (const tracked of this.#byRun.get(runId) ?? []) {
      if (path !== undefined && tracked.path !== path) continue;
      const message = `run ${runId} gave ${path ?? 'everything'} up`;
      tracked.wasInterrupted = true;
      tracked.controller.abort(new FleetError({ code: 'cancelled', kind: 'cancelled', message }));
    }
  }

  get runCount(): number {
    return this.#byRun.size;
  }
}
