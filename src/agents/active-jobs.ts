import { FleetError } from '../kernel/errors.ts';

/**
 * The jobs this process is working on, by run. BullMQ can cancel only jobs of the same worker object, so a run
 * that ends elsewhere is announced to every process and each aborts what it holds.
 */
export class ActiveJobs {
  readonly #byRun = new Map<string, Set<AbortController>>();

  /** Register work for a run; the returned signal aborts when the run is interrupted. */
  track(runId: string): { signal: AbortSignal; release: () => void } {
    const controller = new AbortController();
    const controllers = this.#byRun.get(runId) ?? new Set();
    controllers.add(controller);
    this.#byRun.set(runId, controllers);
    return {
      signal: controller.signal,
      release: () => {
        controllers.delete(controller);
        if (controllers.size === 0) this.#byRun.delete(runId);
      },
    };
  }

  interrupt(runId: string): void {
    for (const controller of this.#byRun.get(runId) ?? []) {
      controller.abort(
        new FleetError({ code: 'cancelled', kind: 'cancelled', message: `run ${runId} has ended` }),
      );
    }
  }

  get runCount(): number {
    return this.#byRun.size;
  }
}
