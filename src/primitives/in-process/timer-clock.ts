/** Time as an interpreter needs it: the present, and to be called when some of it has passed. */
export interface TimerClock {
  now(): number;
  /** @returns a function that takes it back */
  after(delayMs: number, call: () => void): () => void;
}

export const systemTimerClock: TimerClock = {
  now: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};
