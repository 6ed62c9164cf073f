import { rounded, type MatchAlgorithm } from './algorithm.ts';
import { hasInputs, hasName, hasTags, hasType, hasVersion } from './filters.ts';

/** Who has the higher priority and less to do. */
export const priorityBased: MatchAlgorithm = {
  name: 'priority_based',
  admits: (offer, wanted) =>
    hasType(offer, wanted) &&
    hasVersion(offer, wanted) &&
    hasInputs(offer, wanted) &&
    hasTags(offer, wanted) &&
    hasName(offer, wanted),
  scores: (offers) => offers.map(({ priority }) => rounded(priority / 10)),
  underLoad: (score, load) => rounded(score * (1 - load)),
  isEnough: (score) => score > 0,
};
