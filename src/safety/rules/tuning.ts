import { SAFETY_LEVELS, type SafetyLevel } from '../../contracts/safety.ts';
import { isCrisisType, type ReportRule } from './built-in.ts';
import type { Rule, RulesDocument } from './document.ts';

/** What a document may change of what is built in: to be stricter, never the other way. */

/** `rule` with the level and the priority of `other` where those are higher. */
export function raised<R extends Pick<Rule, 'level' | 'priority'>>(
  rule: R,
  other: Pick<Rule, 'level' | 'priority'> | undefined,
): R {
  if (other === undefined) return rule;
  return {
    ...rule,
    level: higher(rule.level, other.level),
    priority: Math.max(rule.priority, other.priority),
  };
}

/** A built-in rule with what the document says about it. Thresholds of escalation only come down. */
export function tuningOf(
  document: unknown,
  { rules, crisis_detection: crisis }: RulesDocument,
): (rule: ReportRule) => ReportRule {
  const given = thresholdsIn(document);
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const made = new Map<ReportRule, ReportRule>();
  return (rule) => {
    const known = made.get(rule);
    if (known !== undefined) return known;
    const isCrisis = isCrisisType(rule.id.replace(/^crisis_/u, ''));
    const limits = [
      rule.escalationThreshold,
      given.get(rule.id),
      isCrisis ? crisis.escalation_threshold : undefined,
    ];
    const own = {
      ...raised(rule, byId.get(rule.id)),
      escalationThreshold: Math.min(...limits.filter((limit) => limit !== undefined)),
    };
    made.set(rule, own);
    return own;
  };
}

/** A threshold that was left out tunes nothing, whatever its default is. */
function thresholdsIn(document: unknown): Map<string, number> {
  const found = new Map<string, number>();
  // The document was parsed before; only what was left out is looked for here.
  const { rules = [] } = (document ?? {}) as { rules?: { id: string; escalation_threshold?: number }[] };
  for (const { id, escalation_threshold: threshold } of rules) {
    if (threshold !== undefined) found.set(id, threshold);
  }
  return found;
}

export function higher(a: SafetyLevel, b: SafetyLevel): SafetyLevel {
  return SAFETY_LEVELS.indexOf(a) >= SAFETY_LEVELS.indexOf(b) ? a : b;
}
