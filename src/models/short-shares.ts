/** So many requests in a row show that their time is too short. */
const CUT_OFF = 3;
/** Shares of a turn differ by some milliseconds; only what is clearly more is worth another request. */
const CLEARLY_MORE = 1.25;
/** Then it is tried again: providers get faster, too. */
const FORGOTTEN_AFTER_MS = 60_000;

/**
 * What one agent has learned about a model and the small shares of a busy turn: a model that never answers in the time a
 * share gives is not asked with so little again, for a while. That time belongs to the steps after it, and what nobody
 * waits for need not be paid.
 */
export class ShortShares {
  readonly #now: () => number;
  #cuts = 0;
  #longestMs = 0;
  #until = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether an answer may be expected within so much time. */
  mayAnswerIn(timeoutMs: number): boolean {
    return this.#cuts < CUT_OFF || timeoutMs > this.#longestMs * CLEARLY_MORE || this.#now() >= this.#until;
  }

  /** A request was cut off after so much time. */
  cutOff(timeoutMs: number): void {
    this.#cuts++;
    this.#longestMs = Math.max(this.#longestMs, timeoutMs);
    this.#until = this.#now() + FORGOTTEN_AFTER_MS;
  }

  /** An answer took so long. */
  answered(durationMs: number): void {
    if (durationMs > this.#longestMs) return;
    this.#cuts = 0;
    this.#longestMs = 0;
  }
}
