/** Lets so many through at once, in order. */
export class Turnstile {
  readonly #limit: number;
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#limit) await new Promise<void>((resolve) => void this.#queue.push(resolve));
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      if (this.#inside < this.#limit) this.#queue.shift()?.();
    }
  }

  /** All who wait go through at once: what they wait for will not get better, and each has its own time limit. */
  open(): void {
    for (const resolve of this.#queue.splice(0)) resolve();
  }
}
