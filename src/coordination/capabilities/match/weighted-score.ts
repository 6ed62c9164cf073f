import { rounded, type MatchAlgorithm } from './algorithm.ts';
import { hasInputs, hasPreferredVersion, hasTags, hasType, hasVersion, isFastEnough } from './filters.ts';
import type { Offer, Wanted } from './offer.ts';

const WEIGHTS = { name: 0.4, type: 0.3, version: 0.2, performance: 0.1 } as const;
const CONTAINED_NAME = 0.7;
const OTHER_VERSION = 0.8;
const TOO_SLOW = 0.5;

/** Name, type, version and speed, each with its weight. What is not wanted counts as found. */
export const weightedScore: MatchAlgorithm = {
  name: 'weighted_score',
  admits: (offer, wanted) =>
    hasType(offer, wanted) &&
    nameScore(offer, wanted) > 0 &&
    hasVersion(offer, wanted) &&
    hasInputs(offer, wanted) &&
    hasTags(offer, wanted),
  scores: (offers, wanted) => offers.map((offer) => scoreOf(offer, wanted)),
  isEnough: (score, { scoreThreshold }) => score >= scoreThreshold,
};

function scoreOf(offer: Offer, wanted: Wanted): number {
  return rounded(
    WEIGHTS.name * nameScore(offer, wanted) +
      WEIGHTS.type +
      WEIGHTS.version * (hasPreferredVersion(offer, wanted) ? 1 : OTHER_VERSION) +
      WEIGHTS.performance * (isFastEnough(offer, wanted) ? 1 : TOO_SLOW),
  );
}

function nameScore({ capability: { name } }: Offer, { criteria, lowerName }: Wanted): number {
  if (lowerName === null || name === criteria.capability_name) return 1;
  return name.includes(lowerName) ? CONTAINED_NAME : 0;
}
