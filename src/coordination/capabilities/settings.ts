import { z } from 'zod';
import { nearest } from '../../kernel/suggest.ts';

export const MATCH_ALGORITHMS = [
  'weighted_score',
  'exact_match',
  'fuzzy_match',
  'priority_based',
  'semantic_match',
] as const;
export type MatchAlgorithmName = (typeof MATCH_ALGORITHMS)[number];

const isAlgorithm = (name: string): name is MatchAlgorithmName =>
  MATCH_ALGORITHMS.some((known) => known === name);

/** `semantic` is another word for `semantic_match`. */
export const MatchAlgorithmText = z.string().transform((name, context): MatchAlgorithmName => {
  if (name === 'semantic') return 'semantic_match';
  if (isAlgorithm(name)) return name;
  const meant = nearest(name, MATCH_ALGORITHMS);
  context.addIssue({
    code: 'custom',
    message: `there is no such algorithm${meant === undefined ? '' : `; "${meant}"?`} Known: ${MATCH_ALGORITHMS.join(', ')}`,
  });
  return z.NEVER;
});

const Share = z.number().min(0).max(1);

/** How capabilities are compared with what is wanted. */
export const MatchingSettings = z.strictObject({
  algorithm: MatchAlgorithmText.default('weighted_score'),
  /** The least score of `weighted_score`. */
  scoreThreshold: Share.default(0.5),
  /** Scores of `fuzzy_match` and `semantic_match` must be above theirs. */
  fuzzyThreshold: Share.default(0.3),
  semanticThreshold: Share.default(0.2),
  /** Among equal scores, the preferred version comes before later ones. */
  preferExactVersion: z.boolean().default(true),
  includeDeprecated: z.boolean().default(false),
  includeExperimental: z.boolean().default(false),
});
export type MatchingSettings = z.output<typeof MatchingSettings>;
export type MatchingOptions = z.input<typeof MatchingSettings>;

export const CapabilitySettings = z.strictObject({
  /** How long a search is remembered, unless capabilities change before. */
  cacheTtlMs: z.int().min(60_000).max(3_600_000).default(300_000),
  /** The largest `maxResults` of a search. */
  maxSearchResults: z.int().min(1).max(1000).default(50),
  matching: MatchingSettings.default(() => MatchingSettings.parse({})),
});
export type CapabilitySettings = z.output<typeof CapabilitySettings>;
export type CapabilityOptions = z.input<typeof CapabilitySettings>;
