import { rounded, type MatchAlgorithm } from './algorithm.ts';
import { hasInputs, hasTags, hasVersion } from './filters.ts';

const WITHOUT_NAME = 0.5;
const SAME_TYPE = 0.3;

/** Names that are written alike: the longest common subsequence, in parts of the longer name. */
export const fuzzyMatch: MatchAlgorithm = {
  name: 'fuzzy_match',
  admits: (offer, wanted) => hasVersion(offer, wanted) && hasInputs(offer, wanted) && hasTags(offer, wanted),
  scores: (offers, wanted) => {
    const likeness = likenessTo(wanted.lowerName);
    return offers.map(({ capability: { name, type } }) => {
      const bonus = type === wanted.criteria.capability_type ? SAME_TYPE : 0;
      return rounded(Math.min(1, likeness(name) + bonus));
    });
  },
  isEnough: (score, { fuzzyThreshold }) => score > fuzzyThreshold,
};

/** Many agents offer a capability of the same name: it is compared once. */
function likenessTo(wanted: string | null): (name: string) => number {
  const compared = new Map<string, number>();
  return (name) => {
    if (wanted === null) return WITHOUT_NAME;
    const known = compared.get(name) ?? commonLength(name, wanted) / Math.max(name.length, wanted.length);
    compared.set(name, known);
    return known;
  };
}

/** How long the longest common subsequence is; one row of its table at a time. */
export function commonLength(one: string, other: string): number {
  let row = new Uint16Array(other.length + 1);
  let next = new Uint16Array(other.length + 1);
  for (let i = 1; i <= one.length; i += 1) {
    for (let j = 1; j <= other.length; j += 1)
      next[j] = one[i - 1] === other[j - 1] ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!);
    [row, next] = [next, row];
  }
  return row[other.length]!;
}
