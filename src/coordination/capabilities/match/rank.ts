import { compareSemVer } from '../semver.ts';
import type { ScoredOffer } from './algorithms.ts';
import type { Vitals } from './filters.ts';

export const SORT_KEYS = ['match_score', 'agent_load', 'estimated_duration'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** An offer that fits, with how its agent is now. */
export interface LiveOffer {
  readonly scored: ScoredOffer;
  /** With what the load takes off. */
  readonly score: number;
  readonly vitals: Vitals;
}

export interface Ranking {
  readonly sortBy: SortKey;
  /** Of the sort key alone; what is equal by it keeps its order. */
  readonly isDescending: boolean;
  readonly preferExactVersion: boolean;
}

/**
 * The order of matches: by the sort key, then the better score, the preferred version, the later version, the smaller
 * load, and the text form; so any two have one order, and the same search has the same answer.
 */
export function compareOffers(one: LiveOffer, other: LiveOffer, ranking: Ranking): number {
  return compareByKey(one, other, ranking) || compareEquals(one, other, ranking);
}

/** The first `count` in this order. Among thousands nearly all are dismissed by one comparison. */
export function firstOffers(offers: readonly LiveOffer[], count: number, ranking: Ranking): LiveOffer[] {
  if (count * 4 >= offers.length)
    return offers.toSorted((one, other) => compareOffers(one, other, ranking)).slice(0, count);
  const first: LiveOffer[] = [];
  for (const offer of offers) {
    const last = first[count - 1];
    if (last !== undefined && compareOffers(offer, last, ranking) >= 0) continue;
    if (last !== undefined) first.pop();
    first.splice(placeOf(offer, first, ranking), 0, offer);
  }
  return first;
}

/** Where it belongs among sorted ones. */
function placeOf(offer: LiveOffer, sorted: readonly LiveOffer[], ranking: Ranking): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareOffers(offer, sorted[middle]!, ranking) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compareByKey(one: LiveOffer, other: LiveOffer, { sortBy, isDescending }: Ranking): number {
  const sign = isDescending ? -1 : 1;
  switch (sortBy) {
    case 'match_score':
      return sign * (one.score - other.score);
    case 'agent_load':
      return sign * (one.vitals.load - other.vitals.load);
    case 'estimated_duration':
      return compareDurations(durationOf(one), durationOf(other), sign);
  }
}

/** What nobody estimated comes last in both directions. */
function compareDurations(one: number | null, other: number | null, sign: number): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return sign * (one - other);
}

function durationOf({ scored }: LiveOffer): number | null {
  return scored.offer.capability.estimated_duration_ms;
}

function compareEquals(one: LiveOffer, other: LiveOffer, { preferExactVersion }: Ranking): number {
  const [a, b] = [one.scored, other.scored];
  return (
    other.score - one.score ||
    (preferExactVersion ? Number(b.isPreferred) - Number(a.isPreferred) : 0) ||
    compareSemVer(b.offer.version, a.offer.version) ||
    one.vitals.load - other.vitals.load ||
    compareText(a.offer.agent, b.offer.agent) ||
    compareText(a.offer.capability.name, b.offer.capability.name) ||
    compareText(a.offer.capability.version, b.offer.capability.version)
  );
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
