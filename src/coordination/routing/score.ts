import type { ExclusionReason } from '../models/routing.ts';

/** Whether an agent may be given work, as far as its record tells. */
export interface Fitness {
  readonly type: string;
  readonly isAlive: boolean;
  readonly isRunning: boolean;
  readonly isDegraded: boolean;
}

/** What is weighed. Null: it could not be read, or nobody knows. */
export interface Standing {
  readonly instance: string;
  readonly depth: number | null;
  readonly heartbeatAgeMs: number | null;
  readonly successRatio: number | null;
  /** Messages that it handles now. */
  readonly inFlight: number;
}

export interface Weights {
  readonly queue: number;
  readonly heartbeat: number;
  readonly success: number;
}

export interface Rules {
  readonly weights: Weights;
  readonly heartbeatFreshMs: number;
}

/** The same proportions with the sum 1. At least one must be above 0. */
export function normalisedWeights({ queue, heartbeat, success }: Weights): Weights {
  const sum = queue + heartbeat + success;
  return { queue: queue / sum, heartbeat: heartbeat / sum, success: success / sum };
}

/** Why an agent is no candidate for a message to `type`; null when it is one. */
export function exclusionOf(agent: Fitness, type: string, excludeDegraded: boolean): ExclusionReason | null {
  if (agent.type !== type) return 'wrong_type';
  if (!agent.isAlive) return 'stale_heartbeat';
  if (!agent.isRunning) return 'not_running';
  return excludeDegraded && agent.isDegraded ? 'degraded' : null;
}

/** The candidates with their scores, the best first; the order in which they are given does not matter. */
export function rank<T extends Standing>(
  candidates: readonly T[],
  rules: Rules,
): { readonly candidate: T; readonly score: number }[] {
  const scoreOf = scorer(candidates, rules);
  return candidates
    .map((candidate) => ({ candidate, score: scoreOf(candidate) }))
    .sort((one, other) => compare(one.candidate, one.score, other.candidate, other.score));
}

/** The first of {@link rank}, without sorting the others. */
export function best<T extends Standing>(candidates: readonly T[], rules: Rules): T | undefined {
  const scoreOf = scorer(candidates, rules);
  let first: T | undefined;
  let lowest = 0;
  for (const candidate of candidates) {
    const score = scoreOf(candidate);
    if (first !== undefined && compare(candidate, score, first, lowest) >= 0) continue;
    first = candidate;
    lowest = score;
  }
  return first;
}

/** Scores lie between 0 and 1, lower is better. What is unknown counts as the worst there is. */
function scorer(candidates: readonly Standing[], rules: Rules): (candidate: Standing) => number {
  const weights = normalisedWeights(rules.weights);
  let least = Infinity;
  let most = -Infinity;
  for (const { depth } of candidates) {
    if (depth === null) continue;
    if (depth < least) least = depth;
    if (depth > most) most = depth;
  }
  return ({ depth, heartbeatAgeMs, successRatio }) => {
    const queue = depth === null ? 1 : most > least ? (depth - least) / (most - least) : 0;
    const age =
      heartbeatAgeMs === null ? 1 : Math.min(1, Math.max(0, heartbeatAgeMs) / rules.heartbeatFreshMs);
    const score =
      weights.queue * queue + weights.heartbeat * age + weights.success * (1 - (successRatio ?? 0));
    return Math.round(score * 1e12) / 1e12; // what differs by less differs by the rounding of sums
  };
}

function compare(one: Standing, score: number, other: Standing, otherScore: number): number {
  if (score !== otherScore) return score - otherScore;
  if (one.inFlight !== other.inFlight) return one.inFlight - other.inFlight;
  return one.instance < other.instance ? -1 : one.instance > other.instance ? 1 : 0;
}
