import type { MatchAlgorithm } from './algorithm.ts';
import { hasInputs, hasName, hasTags, hasType, hasVersion } from './filters.ts';

/** Everything that is wanted is there, or it is no match. */
export const exactMatch: MatchAlgorithm = {
  name: 'exact_match',
  admits: (offer, wanted) =>
    hasName(offer, wanted) &&
    hasType(offer, wanted) &&
    hasVersion(offer, wanted) &&
    hasInputs(offer, wanted) &&
    hasTags(offer, wanted),
  scores: (offers) => offers.map(() => 1),
  isEnough: () => true,
};
