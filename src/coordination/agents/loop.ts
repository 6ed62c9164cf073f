/** Calls a round again and again, one at a time; what a round throws is the round's own affair. */
export class Loop {
  readonly #round: () => Promise<number>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStarted = false;

  /** @param round  must not throw; after how many ms it is to be called again */
  constructor(round: () => Promise<number>) {
    this.#round = round;
  }

  start(firstAfterMs: number): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#after(firstAfterMs);
  }

  /** Returns when it is quiet. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #after(ms: number): void {
    if (!this.#isStarted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round().then((nextMs) => this.#after(nextMs));
    }, ms);
    this.#timer.unref();
  }
}
