const KEPT = 100;

/** How long the last calls of each route took in this process; fits where a router asks for its state. */
export class Latencies {
  readonly #calls = new Map<string, number[]>();

  recordCall(router: string, route: string, durationMs: number): void {
    const key = `${router}.${route}`;
    const calls = this.#calls.get(key) ?? [];
    this.#calls.set(key, calls);
    calls.push(durationMs);
    if (calls.length > KEPT) calls.shift();
  }

  /** The median of the last 100 calls; undefined while there were none. */
  medianMs(router: string, route: string): number | undefined {
    const calls = this.#calls.get(`${router}.${route}`)?.toSorted((a, b) => a - b) ?? [];
    return calls[Math.floor((calls.length - 1) / 2)];
  }
}
