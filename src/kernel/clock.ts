/** The present in epoch milliseconds; handed in wherever a test must choose the time. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** The wire form of a moment: ISO 8601, UTC, milliseconds. */
export function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
