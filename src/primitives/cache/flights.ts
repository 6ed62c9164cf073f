interface Flight<T> {
  readonly work: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
  isOver: boolean;
}

/** Work by key that several callers wait for together. It is aborted when the last of them leaves. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * Wait for the work that is under way for this key, or begin it.
   *
   * @param signal  of this caller alone: its abort rejects this wait, the others go on
   */
  async join(
    key: string,
    signal: AbortSignal | undefined,
    begin: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#begin(key, begin);
    flight.waiters += 1;
    const left = Promise.withResolvers<never>();
    const onAbort = (): void => left.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([flight.work, left.promise]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      flight.waiters -= 1;
      if (flight.waiters === 0 && !flight.isOver) {
        this.#forget(key, flight);
        flight.controller.abort(signal?.reason);
      }
    }
  }

  #begin(key: string, begin: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = {
      work: begin(controller.signal).finally(() => {
        flight.isOver = true;
        this.#forget(key, flight);
      }),
      controller,
      waiters: 0,
      isOver: false,
    };
    flight.work.catch(() => undefined); // nobody may be left to hear of it
    this.#flights.set(key, flight);
    return flight;
  }

  /** A newer flight of the same key stays. */
  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
