import type { MatchAlgorithmName, MatchingSettings } from '../settings.ts';
import type { MatchAlgorithm } from './algorithm.ts';
import { exactMatch } from './exact-match.ts';
import {
  hasName,
  hasPreferredVersion,
  hasType,
  hasVersion,
  isFastEnough,
  passesHardFilters,
} from './filters.ts';
import { fuzzyMatch } from './fuzzy-match.ts';
import type { Offer, Wanted } from './offer.ts';
import { priorityBased } from './priority-based.ts';
import { semanticMatch, type SemanticScorer } from './semantic-match.ts';
import { weightedScore } from './weighted-score.ts';

export type MatchAlgorithms = Readonly<Record<MatchAlgorithmName, MatchAlgorithm>>;

export function matchAlgorithms(semanticScorer?: SemanticScorer): MatchAlgorithms {
  return {
    exact_match: exactMatch,
    weighted_score: weightedScore,
    fuzzy_match: fuzzyMatch,
    priority_based: priorityBased,
    semantic_match: semanticMatch(semanticScorer),
  };
}

/** An offer that fits, whatever its agent is doing at the moment. */
export interface ScoredOffer {
  readonly offer: Offer;
  /** For an agent without load. */
  readonly score: number;
  readonly isExact: boolean;
  readonly isVersionMatch: boolean;
  readonly isPerformanceMatch: boolean;
  readonly isPreferred: boolean;
}

/** The offers that fit. Errors: whatever a plugged-in scorer throws */
export async function scoreOffers(
  offers: readonly Offer[],
  wanted: Wanted,
  algorithm: MatchAlgorithm,
  settings: MatchingSettings,
): Promise<ScoredOffer[]> {
  const admitted = offers.filter(
    (offer) => passesHardFilters(offer, wanted, settings) && algorithm.admits(offer, wanted),
  );
  const scores = await algorithm.scores(admitted, wanted);
  return admitted.flatMap((offer, index) => {
    const score = scores[index]!;
    return algorithm.isEnough(score, settings) ? [describe(offer, wanted, score)] : [];
  });
}

function describe(offer: Offer, wanted: Wanted, score: number): ScoredOffer {
  const isPreferred = hasPreferredVersion(offer, wanted);
  return {
    offer,
    score,
    isExact: wanted.criteria.capability_name !== null && hasName(offer, wanted) && hasType(offer, wanted),
    isVersionMatch: wanted.preferred === undefined ? hasVersion(offer, wanted) : isPreferred,
    isPerformanceMatch: isFastEnough(offer, wanted),
    isPreferred,
  };
}
