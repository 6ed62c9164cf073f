import type { Response } from 'express';

/**
 * What is going on in this server, so that it can end quietly: responses in flight, open event streams, and
 * writes (audit, idempotency outcomes) that nobody awaits.
 */
export class HttpLifetime {
  readonly #responses = new Set<Response>();
  readonly #streams = new Set<() => void>();
  readonly #writes = new Set<Promise<unknown>>();
  #isDraining = false;

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  enter(res: Response): void {
    this.#responses.add(res);
    if (this.#isDraining) res.setHeader('Connection', 'close');
    res.once('close', () => this.#responses.delete(res));
  }

  /** @returns the function that forgets the stream again */
  addStream(close: () => void): () => void {
    this.#streams.add(close);
    if (this.#isDraining) close();
    return () => this.#streams.delete(close);
  }

  /** A write that the response does not wait for; its failure is the caller's to log. */
  background(write: Promise<unknown>): void {
    this.#writes.add(write);
    const forget = (): boolean => this.#writes.delete(write);
    write.then(forget, forget);
  }

  /** Ends event streams, and keeps connections from being used again after their present response. */
  drain(): void {
    this.#isDraining = true;
    for (const close of this.#streams) close();
    for (const res of this.#responses) if (!res.headersSent) res.setHeader('Connection', 'close');
  }

  async writesSettled(): Promise<void> {
    while (this.#writes.size > 0) await Promise.allSettled(this.#writes);
  }
}
