import { FleetError } from '../../../kernel/errors.ts';
import type { AgentCapability } from '../../models/capability.ts';
import { rounded, type MatchAlgorithm } from './algorithm.ts';
import { hasType, hasVersion } from './filters.ts';

const TAGS = 0.6;
const WORDS = 0.4;

/** What a search by meaning has to go by. */
export interface SemanticQuery {
  /** The wanted name, which may be any words. */
  readonly text: string | null;
  readonly tags: readonly string[];
}

/** How near a capability comes to what is meant, 0 to 1; one with embeddings, for example. */
export type SemanticScorer = (query: SemanticQuery, capability: AgentCapability) => number | Promise<number>;

/** By the words of the name and the description and by tags, unless another scorer is plugged in. */
export function semanticMatch(scorer?: SemanticScorer): MatchAlgorithm {
  return {
    name: 'semantic_match',
    admits: (offer, wanted) => hasVersion(offer, wanted) && hasType(offer, wanted),
    scores: (offers, { criteria }) => {
      const query = { text: criteria.capability_name, tags: criteria.required_tags };
      if (scorer === undefined)
        return offers.map(({ capability }) => rounded(lexicalScore(query, capability)));
      return Promise.all(offers.map(async ({ capability }) => checked(await scorer(query, capability))));
    },
    isEnough: (score, { semanticThreshold }) => score > semanticThreshold,
  };
}

/** The shares of wanted tags and of wanted words that are there. Without tags, or words, their part is 0. */
export function lexicalScore(query: SemanticQuery, { name, description, tags }: AgentCapability): number {
  const words = wordsOf(query.text ?? '');
  const known = new Set([...wordsOf(name), ...wordsOf(description)]);
  return (
    TAGS * shareOf(query.tags, (tag) => tags.includes(tag)) +
    WORDS * shareOf(words, (word) => known.has(word))
  );
}

/** Each once, in small letters; `_` and `-` part words as blanks and punctuation do. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))];
}

function shareOf<T>(all: readonly T[], isFound: (one: T) => boolean): number {
  return all.length === 0 ? 0 : all.filter(isFound).length / all.length;
}

function checked(score: number): number {
  if (score >= 0 && score <= 1) return rounded(score);
  throw new FleetError({
    code: 'semantic_score_invalid',
    kind: 'internal',
    message: `a semantic scorer answered ${score}; expected a number from 0 to 1`,
  });
}
