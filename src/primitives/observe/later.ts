/** A process that never rests tells in between. */
const MOST_WAITING = 256;

/**
 * What tells of work must not hold it up: it waits here, in order, until the event loop has nothing more urgent to
 * do. A process does not end before everything is told.
 */
export class Later {
  #waiting: (() => void)[] = [];

  /** @param tell  must not throw */
  push(tell: () => void): void {
    const length = this.#waiting.push(tell);
    if (length === 1) setImmediate(() => this.#tellAll());
    else if (length >= MOST_WAITING) this.#tellAll();
  }

  #tellAll(): void {
    const told = this.#waiting;
    this.#waiting = [];
    for (const tell of told) tell();
  }
}
