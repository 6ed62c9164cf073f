import type { Validator } from './validate-text.ts';

/** While safety is switched off: nothing is looked at, and every result says so. */
export function disabledValidator({ lexicon, rules }: Pick<Validator, 'lexicon' | 'rules'>): Validator {
  return {
    lexicon,
    rules,
    protectiveFactorsIn: () => [],
    validateText: () => ({
      level: 'safe',
      score: 1,
      findings: [],
      crisis_detected: false,
      crisis_types: [],
      distress_types: [],
      overall_sentiment: 0,
      therapeutic_appropriateness: 1,
      escalation_recommended: false,
      alternative_content: null,
      monitoring_flags: [],
      audit: [{ event: 'disabled', at_ms: Date.now() }],
      rules_version: rules.version,
      source: rules.source,
    }),
  };
}
