import type { TimerClock } from '../in-process/timer-clock.ts';

/** Time that passes only when a test says so, or by itself as soon as nothing else can happen. */
export interface FakeClock extends TimerClock {
  /** Let time pass; timers that fall due are called in order. */
  advance(ms: number): Promise<void>;
  /** Jump from timer to timer until `work` settles: pauses and limits take no real time. */
  runUntil<T>(work: Promise<T>): Promise<T>;
  /** Timers that are still set. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/** Handlers get so many turns of the event loop to go on before time is moved. */
const TURNS = 20;

export function fakeClock(startMs = 1_700_000_000_000): FakeClock {
  let nowMs = startMs;
  let order = 0;
  const timers = new Set<Timer>();

  function earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }

  async function settleDown(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  function fire(timer: Timer): void {
    timers.delete(timer);
    nowMs = Math.max(nowMs, timer.at);
    timer.call();
  }

  return {
    now: () => nowMs,
    after(delayMs, call) {
      const timer = { at: nowMs + delayMs, order: order++, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const until = nowMs + ms;
      await settleDown();
      for (let timer = earliest(); timer !== undefined && timer.at <= until; timer = earliest()) {
        fire(timer);
        await settleDown();
      }
      nowMs = until;
    },
    async runUntil(work) {
      let isSettled = false;
      const settled = work.finally(() => {
        isSettled = true;
      });
      settled.catch(() => undefined);
      for (;;) {
        await settleDown();
        if (isSettled) return settled;
        const timer = earliest();
        if (timer === undefined) return settled;
        fire(timer);
      }
    },
  };
}
