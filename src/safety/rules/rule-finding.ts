import type { Finding } from '../../contracts/safety.ts';
import { rounded } from '../decide/confidence.ts';
import type { TextReading } from '../read-text.ts';
import { BLOCKED_TYPES, isCrisisType } from './built-in.ts';
import type { Rule } from './document.ts';
import type { RuleInput } from './rule-set.ts';

/** What a pattern of somebody else is worth as a sign of crisis: that of a plain statement. */
const CRISIS_CONFIDENCE = 0.9;

/** What a rule says about a place in a text; null when the text as a whole does not bear it out. */
export function findingOfRule(
  rule: Rule,
  span: [number, number],
  input: RuleInput,
  reading: TextReading,
): Finding | null {
  const confidence = confidenceOf(rule, input);
  if (confidence === null) return null;
  const isCrisis = rule.validation_type === 'crisis_detection' && input.stage === 'input';
  const type = rule.crisis_type ?? rule.id.replace(/^crisis_/u, '');
  const length = reading.tokens.count;
  return {
    rule_id: rule.id,
    category: rule.category,
    level: isCrisis && BLOCKED_TYPES.has(type) ? 'blocked' : rule.level,
    priority: rule.priority,
    validation_type: rule.validation_type,
    confidence,
    span,
    message: `rule ${rule.id} applies`,
    severity: isCrisis && length > 0 ? (BLOCKED_TYPES.has(type) ? 4 : 2) : 0,
    modifiers: [],
    sentiment_score: input.sentiment,
    escalation_required: confidence >= rule.escalation_threshold && rule.level !== 'safe',
    ...(isCrisis && isCrisisType(type) ? { crisis_type: type } : {}),
    ...(rule.alternative_template === undefined ? {} : { alternative_suggested: true }),
    ...(rule.therapeutic_context === undefined ? {} : { therapeutic_context: rule.therapeutic_context }),
  };
}

/** Source: spec, safety 4.1 */
function confidenceOf(rule: Rule, { context, sentiment }: RuleInput): number | null {
  switch (rule.validation_type) {
    case 'keyword': {
      if (!rule.context_aware) return 1;
      if (rule.category === 'crisis_detection' && sentiment < -0.3) return 1;
      return sentiment > 0.3 ? 0.8 : 1;
    }
    case 'therapeutic_boundary': {
      const extra =
        context.therapeutic_session !== true
          ? 0
          : rule.therapeutic_context === 'crisis_intervention'
            ? 0.2
            : rule.therapeutic_context === 'trauma_informed'
              ? 0.1
              : 0;
      return rounded(Math.min(1, rule.sensitivity + extra));
    }
    case 'context_aware': {
      const isNew = context.session_count !== undefined && context.session_count < 3;
      const isKnown = (context.previous_violations ?? 0) > 0;
      return rounded(Math.min(1, rule.sensitivity * (isNew ? 0.8 : 1) * (isKnown ? 1.2 : 1)));
    }
    case 'sentiment': {
      const limit = rule.level === 'blocked' ? -0.7 : -0.4;
      return sentiment < limit ? rounded(Math.abs(sentiment)) : null;
    }
    case 'crisis_detection':
      return CRISIS_CONFIDENCE;
  }
}
