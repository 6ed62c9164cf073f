import type { StaticLeaf } from './leaves.ts';

/** What is told takes longest. */
const WEIGHTS: Readonly<Record<string, number>> = { ipa: 20, wba: 30, nga: 50 };
const OTHER_WEIGHT = 25;
/** 100 is for what has completed. */
const MOST_WHILE_OPEN = 99;

/**
 * How far a run is, 0 to 99: the weight of its steps that are done among those known beforehand, or their number, whichever
 * is more.
 *
 * Source: spec, operations 1.8
 */
export function progressOfSteps(steps: readonly StaticLeaf[], isDone: (path: string) => boolean): number {
  if (steps.length === 0) return 0;
  const done = steps.filter(({ path }) => isDone(path));
  const share = Math.max(weightOf(done) / weightOf(steps), done.length / steps.length);
  return Math.min(MOST_WHILE_OPEN, Math.floor(share * 100));
}

function weightOf(steps: readonly StaticLeaf[]): number {
  return steps.reduce((sum, { queue }) => sum + (WEIGHTS[queue] ?? OTHER_WEIGHT), 0);
}
