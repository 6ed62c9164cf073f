import type { IdlePlan } from './idle-fleet.ts';
import type { AgentsPlan } from './agents.ts';
import type { BreakersPlan } from './breakers.ts';
import type { MessagesPlan } from './messages.ts';
import type { TurnsPlan } from './real-turns.ts';
import type { CrisisPlan } from './crisis.ts';
import type { SafetyPlan } from './safety.ts';

/** What is measured, in this order. */
export const PARTS = [
  'engine',
  'stepwise',
  'chain_10',
  'fan_100',
  'open_runs',
  'compile',
  'enqueue',
  'turns',
  'safety',
  'crisis',
  'messages',
  'agents',
  'breakers',
  'idle',
] as const;
export type Part = (typeof PARTS)[number];

/** How much is measured. */
export interface Plan {
  readonly countedRuns: number;
  /** Pairs of rounds, bare and fleet. */
  readonly rounds: number;
  readonly runsPerRound: number;
  readonly latencySamples: number;
  readonly openRuns: { readonly few: number; readonly many: number };
  readonly compileRounds: number;
  readonly enqueue: { readonly perSecond: number; readonly seconds: number };
  readonly turns: TurnsPlan;
  readonly safety: SafetyPlan;
  readonly crisis: CrisisPlan;
  readonly messages: MessagesPlan;
  readonly agents: AgentsPlan;
  readonly breakers: BreakersPlan;
  readonly idle: IdlePlan;
}

export const FULL: Plan = {
  countedRuns: 200,
  rounds: 7,
  runsPerRound: 2000,
  latencySamples: 300,
  openRuns: { few: 1000, many: 100_000 },
  compileRounds: 15,
  enqueue: { perSecond: 200, seconds: 15 },
  turns: [
    { sessions: 1, turnsPerSession: 200 },
    { sessions: 100, turnsPerSession: 20 },
  ],
  safety: { rounds: 7, textsPerRound: 200_000 },
  crisis: { waiting: 10_000, rounds: 7, linesPerRound: 200, pages: 200 },
  messages: { rounds: 7, messagesPerRound: 5000, latencySamples: 500 },
  agents: { agents: 10_000, samples: 30 },
  breakers: { rounds: 7, callsPerRound: 100_000 },
  idle: { seconds: 30 },
};

/** Shows in seconds that everything works; its figures mean nothing. */
export const QUICK: Plan = {
  countedRuns: 20,
  rounds: 1,
  runsPerRound: 100,
  latencySamples: 10,
  openRuns: { few: 10, many: 100 },
  compileRounds: 3,
  enqueue: { perSecond: 50, seconds: 1 },
  turns: [
    { sessions: 1, turnsPerSession: 5 },
    { sessions: 10, turnsPerSession: 2 },
  ],
  safety: { rounds: 3, textsPerRound: 5000 },
  crisis: { waiting: 200, rounds: 1, linesPerRound: 20, pages: 5 },
  messages: { rounds: 1, messagesPerRound: 200, latencySamples: 10 },
  agents: { agents: 200, samples: 3 },
  breakers: { rounds: 1, callsPerRound: 1000 },
  idle: { seconds: 1 },
};
