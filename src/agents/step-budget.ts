import type { StaticLeaf } from '../primitives/plan/leaves.ts';

/** How the time of a run is divided among its steps, by queue: what understands is quick, what tells is slow. */
const SHARES: Readonly<Record<string, number>> = { ipa: 0.15, wba: 0.25, nga: 0.6 };
const OTHER_SHARE = 0.25;

/** What follows the last step: recording it, settling the run, the way back to the player. */
export const ANSWER_MS = 150;

/** What the budget of an attempt follows from, as it begins. */
export interface BudgetFacts {
  readonly queue: string;
  readonly path: string;
  /** The attempt is cut short after this. */
  readonly cutMs: number;
  /** Until the run should be answered; null: its agents take their time. */
  readonly softLeftMs: number | null;
  /** Steps without an outcome, this one included when it is known beforehand. */
  readonly ahead: readonly StaticLeaf[];
}

/**
 * Milliseconds an attempt should plan with: its share of the time that is left, among the steps still to come, so that
 * time which a step does not use is there for the next. Never more than what cuts it short, never less than 0.
 *
 * Source: spec, workflows 2.4
 */
export function stepBudgetMs({ queue, path, cutMs, softLeftMs, ahead }: BudgetFacts): number {
  if (softLeftMs === null) return cutMs;
  const own = shareOf(queue);
  const others = ahead.filter((step) => step.path !== path);
  const all = others.reduce((sum, step) => sum + shareOf(step.queue), own);
  return Math.min(cutMs, Math.max(0, Math.floor(((softLeftMs - ANSWER_MS) * own) / all)));
}

function shareOf(queue: string): number {
  return SHARES[queue] ?? OTHER_SHARE;
}
