import type { CallOutcome } from '../breaker.ts';

type Counts = ReadonlyMap<string, ReadonlyMap<CallOutcome, number>>;

const EVERY_MS = 1000;

/**
 * Counts calls here and writes them down once a second, so that no call waits for its count. What is not written when
 * the process is killed is lost: at most the calls of a second.
 */
export class CallCounts {
  readonly #write: (counts: Counts) => Promise<void>;
  #counts = new Map<string, Map<CallOutcome, number>>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(write: (counts: Counts) => Promise<void>) {
    this.#write = write;
  }

  count(name: string, outcome: CallOutcome, n = 1): void {
    if (this.#isStopped) return;
    let own = this.#counts.get(name);
    if (own === undefined) this.#counts.set(name, (own = new Map()));
    own.set(outcome, (own.get(outcome) ?? 0) + n);
    this.#timer ??= setTimeout(() => void this.flush(), EVERY_MS).unref();
  }

  /** Written now; what could not be written is kept for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    try {
      await this.#write(counts);
    } catch {
      for (const [name, own] of counts) for (const [outcome, n] of own) this.count(name, outcome, n);
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#counts.clear();
  }
}
