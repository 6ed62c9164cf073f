import { rounded, type MatchAlgorithm } from './algorithm.ts';
import { hasInputs, hasTags, hasVersion } from './filters.ts';
import type { Wanted } from './offer.ts';

const WITHOUT_NAME = 0.5;
const SAME_TYPE = 0.3;

/** Names that are written alike: the longest common subsequence, in parts of the longer name. */
export const fuzzyMatch: MatchAlgorithm = {
  name: 'fuzzy_match',
  admits: (offer, wanted) => hasVersion(offer, wanted) && hasInputs(offer, wanted) && hasTags(offer, wanted),
  score: ({ capability }, wanted) => {
    const isType = capability.type === wanted.criteria.capability_type;
    return rounded(Math.min(1, likeness(capability.name, wanted) + (isType ? SAME_TYPE : 0)));
  },
  isEnough: (score, { fuzzyThreshold }) => score > fuzzyThreshold,
};

/** Many agents offer a capability of the same name: it is compared once in a search. */
const COMPARED = new WeakMap<Wanted, Map<string, number>>();

function likeness(name: string, wanted: Wanted): number {
  const { capability_name: other } = wanted.criteria;
  if (other === null) return WITHOUT_NAME;
  const compared = COMPARED.get(wanted) ?? new Map<string, number>();
  COMPARED.set(wanted, compared);
  const known = compared.get(name);
  if (known !== undefined) return known;
  const found = commonLength(name, other.toLowerCase()) / Math.max(name.length, other.length);
  compared.set(name, found);
  return found;
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
