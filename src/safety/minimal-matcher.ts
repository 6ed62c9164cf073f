import type { ValidationResult } from '../contracts/safety.ts';
import type { ValidateOptions, Validator } from './validate-text.ts';

/** The plainest statements; enough to answer somebody while the judge is broken. */
const PLAIN = [
  'kill myself',
  'killing myself',
  'end my life',
  'want to die',
  'suicide',
  'suicidal',
  'hurt myself',
  'cut myself',
] as const;

/** The judgement of a text, also when the judge fails: then a few plain statements decide, and nothing is safe. */
export function judgeSafely(
  validator: Pick<Validator, 'validateText'>,
  text: string,
  options: ValidateOptions = {},
): ValidationResult {
  try {
    return validator.validateText(text, options);
  } catch {
    return judgeMinimally(text);
  }
}

export function judgeMinimally(text: string): ValidationResult {
  const plain = text.toLowerCase().replaceAll('’', "'").split(/\s+/u).join(' ');
  const at = PLAIN.map((phrase) => [plain.indexOf(phrase), phrase] as const).find(([index]) => index !== -1);
  const isCrisis = at !== undefined;
  return {
    level: isCrisis ? 'blocked' : 'warning',
    score: isCrisis ? 0.2 : 0.7,
    findings: isCrisis
      ? [
          {
            rule_id: 'minimal_matcher',
            category: 'crisis_detection',
            level: 'blocked',
            priority: 100,
            validation_type: 'crisis_detection',
            confidence: 0.9,
            span: [0, text.length],
            message: 'a plain statement, found while the judge failed',
            crisis_type:
              at[1].endsWith('myself') && !at[1].startsWith('kill') ? 'self_harm' : 'suicidal_ideation',
            severity: 4,
            modifiers: [],
            sentiment_score: 0,
            escalation_required: true,
          },
        ]
      : [],
    crisis_detected: isCrisis,
    crisis_types: isCrisis
      ? [at[1].endsWith('myself') && !at[1].startsWith('kill') ? 'self_harm' : 'suicidal_ideation']
      : [],
    distress_types: [],
    overall_sentiment: 0,
    therapeutic_appropriateness: isCrisis ? 0.2 : 0.6,
    escalation_recommended: isCrisis,
    alternative_content: null,
    monitoring_flags: isCrisis
      ? ['crisis_detected', 'escalation_required', 'content_blocked', 'validation_degraded']
      : ['validation_degraded'],
    rules_version: '000000000000',
    source: 'minimal',
  };
}
