import type { AgentPerformance } from '../models/agent-record.ts';

const SIZE = 100;

/** How the last hundred calls of an agent went. */
export class CallWindow {
  readonly #durations: number[] = [];
  readonly #failures: boolean[] = [];
  #next = 0;

  add(isFailure: boolean, durationMs: number): void {
    this.#durations[this.#next] = Math.max(0, durationMs);
    this.#failures[this.#next] = isFailure;
    this.#next = (this.#next + 1) % SIZE;
  }

  /** Nearest rank, to the tenth of a millisecond; null before the first call. */
  figures(): AgentPerformance | null {
    const window = this.#durations.length;
    if (window === 0) return null;
    const sorted = this.#durations.toSorted((a, b) => a - b);
    const rank = (share: number): number => tenths(sorted[Math.max(0, Math.ceil(share * window) - 1)]!);
    return {
      p50_ms: rank(0.5),
      p95_ms: rank(0.95),
      avg_ms: tenths(sorted.reduce((sum, each) => sum + each, 0) / window),
      error_rate: this.#failures.filter(Boolean).length / window,
      window,
    };
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
