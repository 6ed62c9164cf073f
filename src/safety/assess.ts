import {
  CRISIS_TYPES,
  type CrisisAssessment,
  type CrisisLevel,
  type CrisisType,
  type Finding,
  type SafetyContext,
  type ValidationResult,
} from '../contracts/safety.ts';
import { hasCrisisHistory, rounded } from './decide/confidence.ts';

const LEVELS: readonly CrisisLevel[] = ['low', 'moderate', 'high', 'critical'];

const INTERVENTIONS = {
  critical: 'emergency_services',
  high: 'human_oversight',
  moderate: 'therapeutic_referral',
  low: 'automated_response',
} as const;

const RISK_OF_TYPE: Readonly<Record<CrisisType, string>> = {
  suicidal_ideation: 'suicidal_ideation',
  self_harm: 'self_harm_behavior',
  violence: 'violent_intent',
  abuse: 'abuse_victim',
  psychosis: 'psychotic_symptoms',
  substance: 'substance_use',
  eating: 'disordered_eating',
  severe_depression: 'hopelessness',
};

/** Findings of a crisis that the speaker affirms. */
export function crisisFindings(findings: readonly Finding[]): (Finding & { crisis_type: CrisisType })[] {
  return findings.filter(
    (finding): finding is Finding & { crisis_type: CrisisType } => finding.crisis_type !== undefined,
  );
}

export function crisisTypesOf(findings: readonly Finding[]): CrisisType[] {
  const found = new Set(crisisFindings(findings).map(({ crisis_type: type }) => type));
  return CRISIS_TYPES.filter((type) => found.has(type));
}

/** Level of one finding; the text's is the highest. Source: spec, safety 6 */
function levelOf(
  { crisis_type: type, severity, confidence }: Finding & { crisis_type: CrisisType },
  ofSameType: number,
  hasHistory: boolean,
): CrisisLevel {
  if (severity === 0) return 'low';
  switch (type) {
    case 'suicidal_ideation':
    case 'self_harm':
      return severity >= 4 ? 'critical' : severity >= 2 ? 'high' : 'moderate';
    case 'violence':
      return severity >= 4 ? 'critical' : 'high';
    case 'severe_depression':
      return confidence >= 0.9 || ofSameType >= 2 ? 'high' : 'moderate';
    default:
      return severity >= 5 ? 'critical' : hasHistory ? 'high' : 'moderate';
  }
}

export function crisisLevelOf(
  findings: readonly Finding[],
  context: SafetyContext,
  nowMs: number,
): CrisisLevel {
  const crises = crisisFindings(findings);
  const hasHistory = hasCrisisHistory(context, nowMs);
  const ofType = new Map<CrisisType, number>();
  for (const { crisis_type: type } of crises) ofType.set(type, (ofType.get(type) ?? 0) + 1);
  let highest = 0;
  for (const finding of crises) {
    const level = levelOf(finding, ofType.get(finding.crisis_type) ?? 0, hasHistory);
    highest = Math.max(highest, LEVELS.indexOf(level));
  }
  return LEVELS[highest]!;
}

/**
 * How serious a crisis is and what it asks for: a screening, never a diagnosis. Protective factors inform people and
 * lower nothing.
 *
 * @param factors  what the text itself shows, from `protectiveFactorsIn`: help_seeking, future_oriented
 * Source: spec, safety 6; the severities follow the Columbia scale
 */
export function assessCrisis(
  result: ValidationResult,
  context: SafetyContext,
  nowMs: number,
  factors: readonly string[] = [],
): CrisisAssessment {
  const assessedAt = new Date(nowMs).toISOString();
  const crises = crisisFindings(result.findings);
  const types = crisisTypesOf(result.findings);
  const common = { crisis_types: types, assessed_at: assessedAt, rules_version: result.rules_version };
  if (crises.length === 0) {
    return {
      ...common,
      crisis_level: 'low',
      severity: 0,
      confidence: 0,
      risk_factors: [],
      protective_factors: [],
      immediate_risk: false,
      intervention_recommended: 'automated_response',
      escalation_required: false,
    };
  }
  const level = crisisLevelOf(result.findings, context, nowMs);
  const severity = crises.reduce((most, finding) => Math.max(most, finding.severity), 0);
  const repeated = (context.previous_violations ?? 0) > 1 ? 0.05 : 0;
  const isImmediate = level === 'critical' || severity >= 4 || types.length >= 2;
  return {
    ...common,
    crisis_level: level,
    severity,
    confidence: rounded(Math.min(1, Math.max(...crises.map(({ confidence }) => confidence)) + repeated)),
    risk_factors: riskFactors(result, types, severity, context, nowMs),
    protective_factors: [...protectiveFactors(context), ...factors],
    immediate_risk: isImmediate,
    intervention_recommended: INTERVENTIONS[level],
    escalation_required: level !== 'low' || isImmediate,
  };
}

function riskFactors(
  { overall_sentiment: sentiment, findings }: ValidationResult,
  types: readonly CrisisType[],
  severity: number,
  context: SafetyContext,
  nowMs: number,
): string[] {
  const factors = types.map((type) => RISK_OF_TYPE[type]);
  if (sentiment < -0.7) factors.push('severe_negative_sentiment');
  if ((context.previous_violations ?? 0) > 2) factors.push('repeated_safety_violations');
  if (context.session_count !== undefined && context.session_count < 3)
    factors.push('new_user_vulnerability');
  if (hasCrisisHistory(context, nowMs)) factors.push('previous_crisis');
  if (crisisFindings(findings).some(({ modifiers }) => modifiers.includes('deobfuscated'))) {
    factors.push('deobfuscated_disclosure');
  }
  if (severity >= 5) factors.push('imminent_language');
  return factors;
}

function protectiveFactors(context: SafetyContext): string[] {
  const factors: string[] = [];
  if ((context.session_count ?? 0) > 5) factors.push('ongoing_engagement');
  if ((context.positive_interactions ?? 0) > 0) factors.push('positive_therapeutic_history');
  if (context.has_support_system === true) factors.push('social_support');
  if (context.has_therapist === true) factors.push('professional_support');
  return factors;
}
