import type { Queue } from 'bullmq';
import { servesAgents } from '../../queues/catalogue.ts';
import type { Clock } from '../kernel/clock.ts';
import { readServiceTimes } from '../primitives/durable/service-times.ts';
import type { RedisStore } from '../redis/store.ts';
import { etaMs, type Load } from '../workflows/eta.ts';

const FRESH_MS = 1_000;
/** An older look says nothing of now. */
const USABLE_MS = 10_000;
const WINDOW_MINUTES = 5;

export interface LoadEstimateOptions {
  readonly store: RedisStore;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * What the fleet is busy with, looked at once per second at most and only while somebody asks. Nobody waits for a look: who
 * asks gets what the last one saw, so the first answers of a process are null.
 */
export class LoadEstimate {
  readonly #options: LoadEstimateOptions;
  #seen: { readonly at: number; readonly load: Load } | null = null;
  #looking: Promise<void> | undefined;
  #lookedAt = -Infinity;

  constructor(options: LoadEstimateOptions) {
    this.#options = options;
  }

  etaMs(queues: readonly string[]): number | null {
    const now = performance.now();
    if (now - this.#lookedAt > FRESH_MS) void this.refresh();
    if (this.#seen === null || now - this.#seen.at > USABLE_MS) return null;
    return etaMs(queues, this.#seen.load);
  }

  /** Look now. Never fails. */
  refresh(): Promise<void> {
    this.#lookedAt = performance.now();
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { store, queues, clock, onError } = this.#options;
    try {
      const agents = [...queues].filter(([name]) => servesAgents(name));
      const names = agents.map(([name]) => name);
      const [served, waiting] = await Promise.all([
        readServiceTimes(store, names, { nowMs: clock.now(), minutes: WINDOW_MINUTES }),
        Promise.all(agents.map(async ([name, queue]) => [name, await waitingIn(queue)] as const)),
      ]);
      this.#seen = { at: performance.now(), load: { served, waiting: new Map(waiting) } };
    } catch (error) {
      onError(error);
    }
  }
}

async function waitingIn(queue: Queue): Promise<number> {
  const counts = await queue.getJobCounts('waiting', 'prioritized');
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
