import type { TurnsPlan } from './real-turns.ts';

/** How much is measured. */
export interface Plan {
  readonly countedRuns: number;
  /** Pairs of rounds, bare and fleet. */
  readonly rounds: number;
  readonly runsPerRound: number;
  readonly latencySamples: number;
  readonly enqueue: { readonly perSecond: number; readonly seconds: number };
  readonly turns: TurnsPlan;
}

export const FULL: Plan = {
  countedRuns: 200,
  rounds: 7,
  runsPerRound: 2000,
  latencySamples: 300,
  enqueue: { perSecond: 200, seconds: 15 },
  turns: [
    { sessions: 1, turnsPerSession: 200 },
    { sessions: 100, turnsPerSession: 20 },
  ],
};

/** Shows in seconds that everything works; its figures mean nothing. */
export const QUICK: Plan = {
  countedRuns: 20,
  rounds: 1,
  runsPerRound: 100,
  latencySamples: 10,
  enqueue: { perSecond: 50, seconds: 1 },
  turns: [
    { sessions: 1, turnsPerSession: 5 },
    { sessions: 10, turnsPerSession: 2 },
  ],
};
