import type { CrisisType, Finding, Stage, ValidationResult } from '../contracts/safety.ts';
import { isFleetError } from '../kernel/errors.ts';
import type { SuggestAlternative, ValidateOptions, Validator } from './validate-text.ts';

/** What is found when the judge itself fails: in a player's text by these words, in a story always. */
export const DEGRADED_RULE = 'validation_degraded';

const CRISES: readonly (readonly [CrisisType, readonly string[]])[] = [
  [
    'suicidal_ideation',
    [
      'kill myself',
      'killing myself',
      'end my life',
      'ending my life',
      'want to die',
      'wanna die',
      'suicid',
      'better off dead',
      'take my own life',
      'matarme',
      'quiero morir',
      'quitarme la vida',
    ],
  ],
  ['self_harm', ['cut myself', 'cutting myself', 'hurt myself', 'hurting myself', 'harm myself', 'cortarme']],
];

/**
 * A judge that always answers. When the validator throws, a player's text is at least a warning and is searched for
 * the plainest words of a crisis; a story is withheld. An error of the caller (no string, far too long) stays one.
 *
 * Source: spec, safety 10, failure policy
 */
export function neverFailing(
  validator: Validator,
  onDegraded: (stage: Stage, error: unknown) => void,
  suggest?: SuggestAlternative,
): Validator {
  return {
    ...validator,
    validateText(text, options) {
      try {
        return validator.validateText(text, options);
      } catch (error) {
        if (text !== null && text !== undefined && typeof text !== 'string') throw error;
        if (isFleetError(error)) throw error;
        onDegraded(options?.stage ?? 'input', error);
        return degraded(text ?? '', validator, options, suggest);
      }
    },
  };
}

function degraded(
  text: string,
  { rules }: Validator,
  { stage = 'input', context, locale, includeAudit = true }: ValidateOptions = {},
  suggest?: SuggestAlternative,
): ValidationResult {
  const atMs = Date.now();
  const findings = stage === 'output' ? [findingAt(text, stage)] : inText(text);
  const types = CRISES.map(([type]) => type).filter((type) =>
    findings.some(({ crisis_type: found }) => found === type),
  );
  const isCrisis = types.length > 0;
  const level = stage === 'output' || isCrisis ? 'blocked' : 'warning';
  const result: ValidationResult = {
    level,
    score: level === 'blocked' ? 0.5 : 0.85,
    findings,
    crisis_detected: isCrisis,
    crisis_types: types,
    distress_types: [],
    overall_sentiment: 0,
    therapeutic_appropriateness: level === 'blocked' ? 0.2 : 0.8,
    escalation_recommended: isCrisis,
    ...(isCrisis && rules.alertsOnEscalation ? { should_alert: true } : {}),
    alternative_content: null,
    monitoring_flags: [
      ...(isCrisis ? (['crisis_detected', 'escalation_required'] as const) : []),
      ...(level === 'blocked' ? (['content_blocked'] as const) : []),
      'validation_degraded',
    ],
    rules_version: rules.version,
    source: rules.source,
  };
  result.alternative_content = suggest?.(result, { stage, region: context?.region, locale }) ?? null;
  if (includeAudit) {
    result.audit = [
      { event: 'validate_text.start', at_ms: atMs, text_length: text.length, stage },
      { event: 'validate_text.degraded', at_ms: atMs },
      {
        event: 'validate_text.end',
        at_ms: atMs,
        level,
        findings_count: findings.length,
        crisis_detected: isCrisis,
        duration_us: 0,
        rules_version: rules.version,
      },
    ];
  }
  return result;
}

function inText(text: string): Finding[] {
  const folded = text.toLowerCase();
  const crises = CRISES.flatMap(([type, words]) => {
    const found = words.find((word) => folded.includes(word));
    if (found === undefined) return [];
    const at = folded.indexOf(found);
    const crisis: Finding = {
      ...findingAt(text, 'input'),
      level: 'blocked',
      span: [Math.min(at, text.length), Math.min(at + found.length, text.length)],
      crisis_type: type,
      severity: 4,
      escalation_required: true,
    };
    return [crisis];
  });
  return crises.length > 0 ? crises : [findingAt(text, 'input')];
}

function findingAt(text: string, stage: Stage): Finding {
  return {
    rule_id: DEGRADED_RULE,
    category: 'uncategorized',
    level: stage === 'output' ? 'blocked' : 'warning',
    priority: 0,
    validation_type: 'keyword',
    confidence: 1,
    span: [0, text.length],
    message: 'the text could not be judged',
    severity: 0,
    modifiers: [],
    sentiment_score: 0,
    escalation_required: false,
  };
}
