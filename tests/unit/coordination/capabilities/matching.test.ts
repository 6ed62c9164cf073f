import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchAlgorithms, scoreOffers } from '../../../../src/coordination/capabilities/match/algorithms.ts';
import { passesLiveFilters } from '../../../../src/coordination/capabilities/match/filters.ts';
import { commonLength } from '../../../../src/coordination/capabilities/match/fuzzy-match.ts';
import { offersOf, wantedOf, type Offer } from '../../../../src/coordination/capabilities/match/offer.ts';
import {
  wordsOf,
  type SemanticScorer,
} from '../../../../src/coordination/capabilities/match/semantic-match.ts';
import { planRequest, planSearch } from '../../../../src/coordination/capabilities/search-options.ts';
import {
  CapabilitySettings,
  MATCH_ALGORITHMS,
  MatchingSettings,
  type MatchingOptions,
} from '../../../../src/coordination/capabilities/settings.ts';
import { CoordinationValidationError } from '../../../../src/coordination/errors.ts';
import {
  AgentCapabilitySet,
  type AgentCapabilityInput,
} from '../../../../src/coordination/models/capability.ts';
import {
  CapabilityMatchCriteria,
  type CapabilityMatchCriteriaInput,
} from '../../../../src/coordination/models/capability-search.ts';

function offer(change: Partial<AgentCapabilityInput> = {}, set: object = {}): Offer {
  const capability = { name: 'text_analysis', type: 'processing', version: '1.0.0', ...change };
  return offersOf(AgentCapabilitySet.parse({ agent_id: 'a:1', capabilities: [capability], ...set }))[0]!;
}

/** The score of one offer, or null when it does not fit. */
async function score(
  criteria: CapabilityMatchCriteriaInput,
  change: Partial<AgentCapabilityInput> = {},
  options: MatchingOptions = {},
  scorer?: SemanticScorer,
): Promise<number | null> {
  const settings = MatchingSettings.parse(options);
  const wanted = wantedOf(CapabilityMatchCriteria.parse(criteria));
  const algorithm = matchAlgorithms(scorer)[settings.algorithm];
  const [found] = await scoreOffers([offer(change)], wanted, algorithm, settings);
  return found?.score ?? null;
}

describe('every algorithm', () => {
  test.for([...MATCH_ALGORITHMS])('%s keeps to the hard filters', async (algorithm) => {
    const wanted = { capability_name: 'text_analysis' };
    const one = (criteria: CapabilityMatchCriteriaInput, change: Partial<AgentCapabilityInput>, more = {}) =>
      score({ ...wanted, ...criteria }, change, { algorithm, ...more });
    const fits = (found: number | null): boolean => found !== null;
    expect(fits(await one({}, {}))).toBe(true);
    expect(fits(await one({}, { status: 'deprecated' }))).toBe(false);
    expect(fits(await one({}, { status: 'deprecated' }, { includeDeprecated: true }))).toBe(true);
    expect(fits(await one({}, { status: 'experimental' }))).toBe(false);
    expect(fits(await one({}, { status: 'experimental' }, { includeExperimental: true }))).toBe(true);
    const everything = { includeDeprecated: true, includeExperimental: true };
    expect(fits(await one({}, { status: 'disabled' }, everything))).toBe(false);

    const memory = { resource_constraints: { ram_bytes: 100, cpu_threads: 2 } };
    expect(fits(await one(memory, {}))).toBe(true);
    expect(fits(await one(memory, { resource_requirements: { ram_bytes: 100 } }))).toBe(true);
    expect(fits(await one(memory, { resource_requirements: { ram_bytes: 101 } }))).toBe(false);
    expect(fits(await one(memory, { resource_requirements: { ram_bytes: 'much' } }))).toBe(false);
    expect(fits(await one(memory, { resource_requirements: { disk_bytes: 1 } }))).toBe(true);

    const metadata = { metadata_filters: { model: { name: 'm', sizes: [1, 2] } } };
    expect(fits(await one(metadata, { metadata: { model: { sizes: [1, 2], name: 'm' }, more: 1 } }))).toBe(
      true,
    );
    expect(fits(await one(metadata, { metadata: { model: { name: 'm', sizes: [2, 1] } } }))).toBe(false);
    expect(fits(await one(metadata, {}))).toBe(false);
    expect(fits(await one({ metadata_filters: { toString: null } }, {}))).toBe(false);
  });

  test.for([...MATCH_ALGORITHMS])('%s compares versions by precedence', async (algorithm) => {
    const one = async (criteria: CapabilityMatchCriteriaInput, version: string, compatible: string[] = []) =>
      (await score(
        { capability_name: 'text_analysis', ...criteria },
        { version, compatible_versions: compatible },
        { algorithm },
      )) !== null;
    expect(await one({ min_version: '2.0.0' }, '10.0.0')).toBe(true);
    expect(await one({ min_version: '1.0.0' }, '1.0.0-beta')).toBe(false);
    expect(await one({ min_version: '1.0.0', max_version: '1.0.0' }, '1.0.0')).toBe(true);
    expect(await one({ max_version: '1.9.0' }, '1.10.0')).toBe(false);
    expect(await one({ max_version: '1.9.0' }, '2.0.0', ['1.5.0'])).toBe(true);
    expect(await one({ min_version: '1.6.0', max_version: '1.9.0' }, '2.0.0', ['1.5.0'])).toBe(false);
  });

  test('looks at how the agent is: alive, with room, and available if that is asked for', () => {
    const idle = { isAlive: true, isRunning: true, load: 0 };
    const passes = (criteria: CapabilityMatchCriteriaInput, vitals: object, availability = true): boolean =>
      passesLiveFilters(offer({}, { availability }), wantedOf(CapabilityMatchCriteria.parse(criteria)), {
        ...idle,
        ...vitals,
      });
    expect(passes({}, {})).toBe(true);
    expect(passes({}, { isAlive: false })).toBe(false);
    expect(passes({}, { load: 0.8 })).toBe(true);
    expect(passes({}, { load: 0.81 })).toBe(false);
    expect(passes({ max_load_factor: 1 }, { load: 1 })).toBe(true);
    expect(passes({}, { isRunning: false })).toBe(false);
    expect(passes({}, {}, false)).toBe(false);
    expect(passes({ require_available: false }, { isRunning: false }, false)).toBe(true);
    expect(passes({ require_available: false }, { isAlive: false })).toBe(false);
  });
});

describe('exact_match', () => {
  const exact = (criteria: CapabilityMatchCriteriaInput, change: Partial<AgentCapabilityInput> = {}) =>
    score(criteria, change, { algorithm: 'exact_match' });

  test('is 1 or nothing', async () => {
    expect(await exact({ capability_name: 'text_analysis', capability_type: 'processing' })).toBe(1);
    expect(await exact({ capability_name: 'text' })).toBeNull();
    expect(await exact({ capability_name: 'Text_Analysis' })).toBeNull();
    expect(await exact({ capability_type: 'storage' })).toBeNull();
    expect(await exact({})).toBe(1);
  });

  test('needs every input known, required or optional, and every tag', async () => {
    const change = { required_inputs: ['text'], optional_inputs: ['language'], tags: ['nlp', 'fast'] };
    expect(await exact({ required_inputs: ['text', 'language'], required_tags: ['nlp'] }, change)).toBe(1);
    expect(await exact({ required_inputs: ['text', 'voice'] }, change)).toBeNull();
    expect(await exact({ required_tags: ['nlp', 'slow'] }, change)).toBeNull();
  });
});

describe('weighted_score', () => {
  test('gives 0.96 to the exact name without a preferred version', async () => {
    expect(await score({ capability_name: 'text_analysis' })).toBe(0.96);
  });

  test('gives 0.84 to a name that contains the wanted one, in any case', async () => {
    expect(await score({ capability_name: 'Analysis' })).toBe(0.84);
  });

  test('gives 0.91 to what takes longer than wanted', async () => {
    const slow = { estimated_duration_ms: 501 };
    expect(await score({ capability_name: 'text_analysis', max_duration_ms: 500 }, slow)).toBe(0.91);
    expect(await score({ capability_name: 'text_analysis', max_duration_ms: 501 }, slow)).toBe(0.96);
    expect(await score({ capability_name: 'text_analysis', max_duration_ms: 1 })).toBe(0.96);
  });

  test('gives 1 to the preferred version', async () => {
    expect(await score({ capability_name: 'text_analysis', preferred_version: '1.0.0' })).toBe(1);
    expect(await score({ capability_name: 'text_analysis', preferred_version: '1.0.1' })).toBe(0.96);
  });

  test('finds nothing of another type or an unrelated name, and keeps to its threshold', async () => {
    expect(await score({ capability_name: 'analysis', capability_type: 'storage' })).toBeNull();
    expect(await score({ capability_name: 'dance' })).toBeNull();
    expect(await score({ capability_name: 'analysis' }, {}, { scoreThreshold: 0.84 })).toBe(0.84);
    expect(await score({ capability_name: 'analysis' }, {}, { scoreThreshold: 0.85 })).toBeNull();
  });
});

describe('fuzzy_match', () => {
  const fuzzy = (criteria: CapabilityMatchCriteriaInput, change = {}, more: MatchingOptions = {}) =>
    score(criteria, change, { algorithm: 'fuzzy_match', ...more });

  test('is the common subsequence over the longer name, and 0.3 for the type', async () => {
    expect(await fuzzy({ capability_name: 'TEXT_ANALYSIS' })).toBe(1);
    expect(await fuzzy({ capability_name: 'text_analyses' })).toBeCloseTo(12 / 13, 8);
    expect(await fuzzy({ capability_name: 'text' })).toBeCloseTo(4 / 13, 8);
    expect(await fuzzy({ capability_name: 'text', capability_type: 'processing' })).toBeCloseTo(
      4 / 13 + 0.3,
      8,
    );
    expect(await fuzzy({ capability_name: 'text_analysis', capability_type: 'processing' })).toBe(1);
    expect(await fuzzy({ capability_name: 'text_analysis', capability_type: 'storage' })).toBe(1);
  });

  test('does not take shared letters in any order for likeness', async () => {
    expect(await fuzzy({ capability_name: 'sisylana_txet' })).toBeNull();
  });

  test('is 0.5 without a name, and must be above its threshold', async () => {
    expect(await fuzzy({})).toBe(0.5);
    expect(await fuzzy({ capability_type: 'processing' })).toBe(0.8);
    expect(await fuzzy({}, {}, { fuzzyThreshold: 0.5 })).toBeNull();
  });

  test('a longest common subsequence is that of its definition', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 });
    const subsequences = (text: string): Set<string> =>
      text.length === 0
        ? new Set([''])
        : new Set([...subsequences(text.slice(1))].flatMap((rest) => [rest, text[0]! + rest]));
    fc.assert(
      fc.property(word, word, (one, other) => {
        const shared = [...subsequences(one)].filter((each) => subsequences(other).has(each));
        expect(commonLength(one, other)).toBe(Math.max(...shared.map((each) => each.length)));
      }),
    );
  });
});

describe('priority_based', () => {
  test('is the priority, less what the load takes', () => {
    const { priority_based: algorithm } = matchAlgorithms();
    const wanted = wantedOf(CapabilityMatchCriteria.parse({}));
    expect(algorithm.scores([offer({}, { priority: 8 })], wanted)).toEqual([0.8]);
    expect(algorithm.underLoad?.(0.8, 0.25)).toBe(0.6);
    expect(algorithm.isEnough(algorithm.underLoad!(0.8, 1), MatchingSettings.parse({}))).toBe(false);
  });

  test('wants the name, if one is given, to the letter', async () => {
    const options = { algorithm: 'priority_based' };
    expect(await score({ capability_name: 'text_analysis' }, {}, options)).toBe(0.5);
    expect(await score({ capability_name: 'analysis' }, {}, options)).toBeNull();
    expect(await score({ required_tags: ['x'] }, {}, options)).toBeNull();
  });
});

describe('semantic_match', () => {
  const semantic = (criteria: CapabilityMatchCriteriaInput, change = {}, scorer?: SemanticScorer) =>
    score(criteria, change, { algorithm: 'semantic_match' }, scorer);
  const change = { description: 'Understands what a player wants.', tags: ['language', 'intent'] };

  test('weighs the share of tags with 0.6 and the share of words with 0.4', async () => {
    expect(await semantic({ capability_name: 'understands text', required_tags: ['language'] }, change)).toBe(
      1,
    );
    expect(
      await semantic(
        { capability_name: 'Text-Player_dance moves', required_tags: ['language', 'x'] },
        change,
      ),
    ).toBe(0.5);
    expect(await semantic({ required_tags: ['intent'] }, change)).toBe(0.6);
    expect(await semantic({ capability_name: 'text analysis' }, change)).toBe(0.4);
  });

  test('must be above its threshold, and of the type if one is given', async () => {
    expect(await semantic({ capability_name: 'text dance' }, change)).toBeNull();
    expect(
      await semantic({ capability_name: 'text analysis', capability_type: 'storage' }, change),
    ).toBeNull();
    expect(await semantic({}, change)).toBeNull();
  });

  test('splits words at everything that is no letter or digit, in any script', () => {
    expect(wordsOf('Grüße_an-die Welt, die 2. 世界!')).toEqual(['grüße', 'an', 'die', 'welt', '2', '世界']);
  });

  test('takes another scorer, also one that needs time', async () => {
    const asked: unknown[] = [];
    const scorer: SemanticScorer = async (query, { name }) => {
      asked.push([query, name]);
      return 0.75;
    };
    expect(await semantic({ capability_name: 'some meaning' }, change, scorer)).toBe(0.75);
    expect(asked).toEqual([[{ text: 'some meaning', tags: [] }, 'text_analysis']]);
  });

  test('passes on what a scorer throws, and refuses what is no score', async () => {
    const broken = new Error('no embeddings today');
    await expect(semantic({}, {}, () => Promise.reject(broken))).rejects.toBe(broken);
    await expect(semantic({}, {}, () => Number.NaN)).rejects.toMatchObject({
      code: 'semantic_score_invalid',
    });
    await expect(semantic({}, {}, () => 2)).rejects.toMatchObject({ code: 'semantic_score_invalid' });
  });
});

describe('what is asked for', () => {
  const settings = CapabilitySettings.parse({ matching: { algorithm: 'fuzzy_match' }, maxSearchResults: 20 });
  const issuesOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (error instanceof CoordinationValidationError) return error.issues;
      throw error;
    }
    return [];
  };

  test('is completed by the settings', () => {
    expect(planSearch({}, {}, settings)).toMatchObject({
      matching: { algorithm: 'fuzzy_match', includeDeprecated: false },
      sortBy: 'match_score',
      isDescending: true,
      includeDegraded: false,
      maxResults: 10,
    });
    expect(planSearch({}, { sortBy: 'agent_load' }, settings).isDescending).toBe(false);
    expect(planSearch({}, { algorithm: 'semantic' }, settings).matching.algorithm).toBe('semantic_match');
  });

  test('is refused with every problem at once, an unknown algorithm with the nearest one', () => {
    const issues = issuesOf(() =>
      planSearch({ min_version: '1' }, { algorithm: 'weighted', maxResults: 0, sort: 'x' }, settings),
    );
    expect(issues.map(({ path }) => path).sort()).toEqual([
      'criteria.min_version',
      'options',
      'options.algorithm',
      'options.maxResults',
    ]);
    const [unknown] = issuesOf(() => planSearch({}, { algorithm: 'exact_mach' }, settings));
    expect(unknown?.message).toContain('"exact_match"?');
    expect(issuesOf(() => planSearch({}, { maxResults: 21 }, settings))).toEqual([
      { path: 'options.maxResults', message: 'is more than the 20 results that are allowed' },
    ]);
  });

  test('over HTTP is the same in other words', () => {
    const wire = {
      criteria: { capability_name: 'a' },
      algorithm: 'exact_match',
      include_deprecated: true,
      include_degraded: true,
      sort_by: 'agent_load',
      sort_descending: true,
      max_results: 3,
    };
    const options = {
      algorithm: 'exact_match',
      includeDeprecated: true,
      includeDegraded: true,
      sortBy: 'agent_load',
      sortDescending: true,
      maxResults: 3,
    } as const;
    expect(planRequest(wire, settings)).toEqual(planSearch({ capability_name: 'a' }, options, settings));
    expect(planRequest({}, settings)).toEqual(planSearch({}, {}, settings));
    expect(
      issuesOf(() => planRequest({ max_results: 21, maxResults: 1 }, settings)).map(({ path }) => path),
    ).toEqual(['']);
    expect(issuesOf(() => planRequest({ max_results: 21 }, settings)).map(({ path }) => path)).toEqual([
      'max_results',
    ]);
  });

  test('settings know no algorithm but the five', () => {
    expect(CapabilitySettings.safeParse({ matching: { algorithm: 'best' } }).success).toBe(false);
    expect(CapabilitySettings.safeParse({ cacheTtlMs: 59_999 }).success).toBe(false);
  });
});
