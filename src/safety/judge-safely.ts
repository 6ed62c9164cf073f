import type { AuditEntry, Finding, MonitoringFlag, ValidationResult } from '../contracts/safety.ts';
import { isFleetError } from '../kernel/errors.ts';
import { matchMinimally, type MinimalMatch } from './minimal-matcher.ts';
import type { ValidateOptions, Validator } from './validate-text.ts';

/**
 * Judges a text and never throws. When the validator fails, a player's text is judged by the minimal matcher and is at
 * least a `warning`; a text of the narrator is `blocked`. Both carry the flag `validation_degraded`, and the audit says
 * why without a word of the text.
 *
 * @param text  anything: what is no string counts as a failure, and nothing or "" is safe
 * Source: spec, safety 10, failure policy
 */
export function judgeSafely(
  validator: Pick<Validator, 'validateText'>,
  text: unknown,
  options: ValidateOptions = {},
): ValidationResult {
  try {
    // What is no string is refused by the validator itself.
    return validator.validateText(text as string, options);
  } catch (error) {
    return judgeDegraded(typeof text === 'string' ? text : '', options, error);
  }
}

/** No document of rules judged. */
const NO_RULES = '000000000000';

/** What is said of a text that the validator could not judge because of an error. */
export function judgeDegraded(text: string, options: ValidateOptions, error: unknown): ValidationResult {
  const isOutput = options.stage === 'output';
  const crisis = isOutput ? null : matchMinimally(text);
  const finding = crisis === null ? failureFinding(text, isOutput) : crisisFinding(crisis);
  const isBlocked = finding.level === 'blocked';
  const flags: MonitoringFlag[] = ['validation_degraded'];
  if (crisis !== null) flags.unshift('crisis_detected', 'escalation_required');
  if (isBlocked) flags.push('content_blocked');
  const result: ValidationResult = {
    level: finding.level,
    score: crisis !== null ? 0.5 : isBlocked ? 0.7 : 0.85,
    findings: [finding],
    crisis_detected: crisis !== null,
    crisis_types: crisis === null ? [] : [crisis.type],
    distress_types: [],
    overall_sentiment: 0,
    therapeutic_appropriateness: crisis !== null ? 0.2 : isBlocked ? 0.6 : 0.8,
    escalation_recommended: crisis !== null,
    alternative_content: null,
    monitoring_flags: flags,
    rules_version: NO_RULES,
    source: 'default',
  };
  if (options.includeAudit !== false) result.audit = auditOf(result, text.length, isOutput, reasonOf(error));
  return result;
}

const FAILURE_RULE = 'validation_degraded';

function failureFinding(text: string, isOutput: boolean): Finding {
  return {
    rule_id: FAILURE_RULE,
    category: 'emotional_monitoring',
    level: isOutput ? 'blocked' : 'warning',
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

function crisisFinding({ type, span }: MinimalMatch): Finding {
  return {
    rule_id: `crisis_${type}`,
    category: 'crisis_detection',
    level: 'blocked',
    priority: 100,
    validation_type: 'crisis_detection',
    confidence: 0.9,
    span,
    message: `the text may disclose ${type.replaceAll('_', ' ')}`,
    crisis_type: type,
    severity: 4,
    modifiers: [],
    sentiment_score: 0,
    escalation_required: true,
  };
}

function auditOf(result: ValidationResult, length: number, isOutput: boolean, reason: string): AuditEntry[] {
  const at_ms = Date.now();
  return [
    { event: 'validate_text.start', at_ms, text_length: length, stage: isOutput ? 'output' : 'input' },
    { event: 'validation.degraded', at_ms, reason },
    { event: 'rule.matched', at_ms, rule_id: result.findings[0]!.rule_id, reason: 'affirmed' },
    {
      event: 'validate_text.end',
      at_ms,
      level: result.level,
      findings_count: 1,
      crisis_detected: result.crisis_detected,
      duration_us: 0,
      rules_version: result.rules_version,
    },
  ];
}

/** A code or the name of a class: messages may hold what was written. */
function reasonOf(error: unknown): string {
  if (isFleetError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
