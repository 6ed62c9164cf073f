import { z } from 'zod';
import { CoordinationValidationError, type ValidationIssue } from '../errors.ts';
import { CapabilityMatchCriteria } from '../models/capability-search.ts';
import { issuesOf } from '../validate.ts';
import { SORT_KEYS, type Ranking } from './match/rank.ts';
import { MatchAlgorithmText, MatchingSettings, type CapabilitySettings } from './settings.ts';

const { scoreThreshold, fuzzyThreshold, semanticThreshold } = MatchingSettings.shape;

/** What one search may ask for. What is left out of the first seven is as the settings say. */
const Options = z.strictObject({
  algorithm: MatchAlgorithmText.optional(),
  scoreThreshold: scoreThreshold.unwrap().optional(),
  fuzzyThreshold: fuzzyThreshold.unwrap().optional(),
  semanticThreshold: semanticThreshold.unwrap().optional(),
  preferExactVersion: z.boolean().optional(),
  includeDeprecated: z.boolean().optional(),
  includeExperimental: z.boolean().optional(),
  includeDegraded: z.boolean().default(false),
  sortBy: z.enum(SORT_KEYS).default('match_score'),
  /** Default: true for the score, false for the others. */
  sortDescending: z.boolean().optional(),
  /** At most `maxSearchResults` of the settings. Default 10, or that if it is less. */
  maxResults: z.int().min(1).max(1000).optional(),
});
export type DiscoverOptions = z.input<typeof Options>;

/** A search over HTTP; the fields of {@link DiscoverOptions} as they are written on the wire. */
export const CapabilityDiscoveryRequest = z
  .strictObject({
    criteria: CapabilityMatchCriteria.prefault({}),
    algorithm: Options.shape.algorithm,
    score_threshold: Options.shape.scoreThreshold,
    fuzzy_threshold: Options.shape.fuzzyThreshold,
    semantic_threshold: Options.shape.semanticThreshold,
    prefer_exact_version: Options.shape.preferExactVersion,
    include_deprecated: Options.shape.includeDeprecated,
    include_experimental: Options.shape.includeExperimental,
    include_degraded: Options.shape.includeDegraded,
    sort_by: Options.shape.sortBy,
    sort_descending: Options.shape.sortDescending,
    max_results: Options.shape.maxResults,
  })
  .meta({ id: 'CapabilityDiscoveryRequest' });
export type CapabilityDiscoveryRequest = z.input<typeof CapabilityDiscoveryRequest>;

/** A search, checked and complete. */
export interface SearchPlan extends Ranking {
  readonly criteria: CapabilityMatchCriteria;
  readonly matching: MatchingSettings;
  readonly includeDegraded: boolean;
  readonly maxResults: number;
}

/** Errors: validation (invalid_input), with every problem of criteria and options */
export function planSearch(criteria: unknown, options: unknown, settings: CapabilitySettings): SearchPlan {
  const what = CapabilityMatchCriteria.safeParse(criteria);
  const how = Options.safeParse(options);
  const issues = [
    ...(what.success ? [] : issuesOf(what.error, 'criteria')),
    ...(how.success
      ? tooMany(how.data.maxResults, settings, 'options.maxResults')
      : issuesOf(how.error, 'options')),
  ];
  if (!what.success || !how.success || issues.length > 0) throw new CoordinationValidationError(issues);
  return planOf(what.data, how.data, settings);
}

/** Errors: validation (invalid_input), with every problem */
export function planRequest(request: unknown, settings: CapabilitySettings): SearchPlan {
  const parsed = CapabilityDiscoveryRequest.safeParse(request);
  const issues = parsed.success
    ? tooMany(parsed.data.max_results, settings, 'max_results')
    : issuesOf(parsed.error);
  if (!parsed.success || issues.length > 0) throw new CoordinationValidationError(issues);
  const { criteria, ...wire } = parsed.data;
  const options = {
    algorithm: wire.algorithm,
    scoreThreshold: wire.score_threshold,
    fuzzyThreshold: wire.fuzzy_threshold,
    semanticThreshold: wire.semantic_threshold,
    preferExactVersion: wire.prefer_exact_version,
    includeDeprecated: wire.include_deprecated,
    includeExperimental: wire.include_experimental,
    includeDegraded: wire.include_degraded,
    sortBy: wire.sort_by,
    sortDescending: wire.sort_descending,
    maxResults: wire.max_results,
  };
  return planOf(criteria, options, settings);
}

type ParsedOptions = { [K in keyof z.output<typeof Options>]: z.output<typeof Options>[K] | undefined };

function planOf(
  criteria: CapabilityMatchCriteria,
  { includeDegraded = false, sortBy = 'match_score', sortDescending, maxResults, ...own }: ParsedOptions,
  { matching, maxSearchResults }: CapabilitySettings,
): SearchPlan {
  const merged: MatchingSettings = {
    algorithm: own.algorithm ?? matching.algorithm,
    scoreThreshold: own.scoreThreshold ?? matching.scoreThreshold,
    fuzzyThreshold: own.fuzzyThreshold ?? matching.fuzzyThreshold,
    semanticThreshold: own.semanticThreshold ?? matching.semanticThreshold,
    preferExactVersion: own.preferExactVersion ?? matching.preferExactVersion,
    includeDeprecated: own.includeDeprecated ?? matching.includeDeprecated,
    includeExperimental: own.includeExperimental ?? matching.includeExperimental,
  };
  return {
    criteria,
    matching: merged,
    preferExactVersion: merged.preferExactVersion,
    includeDegraded,
    sortBy,
    isDescending: sortDescending ?? sortBy === 'match_score',
    maxResults: maxResults ?? Math.min(10, maxSearchResults),
  };
}

function tooMany(
  maxResults: number | undefined,
  { maxSearchResults }: CapabilitySettings,
  path: string,
): ValidationIssue[] {
  if (maxResults === undefined || maxResults <= maxSearchResults) return [];
  return [{ path, message: `is more than the ${maxSearchResults} results that are allowed` }];
}
