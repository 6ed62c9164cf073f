import { z } from 'zod';

export const SAFETY_LEVELS = ['safe', 'warning', 'blocked'] as const;
export type SafetyLevel = (typeof SAFETY_LEVELS)[number];
/** Ordered; read in any case. */
export const SafetyLevel = z.preprocess(lowerCase, z.enum(SAFETY_LEVELS));

export const VALIDATION_TYPES = [
  'keyword',
  'sentiment',
  'context_aware',
  'crisis_detection',
  'therapeutic_boundary',
] as const;
export const ValidationType = z.enum(VALIDATION_TYPES);
export type ValidationType = z.infer<typeof ValidationType>;

export const STAGES = ['input', 'output'] as const;
export const Stage = z.enum(STAGES);
export type Stage = z.infer<typeof Stage>;

/** Most severe first. */
export const CRISIS_TYPES = [
  'suicidal_ideation',
  'self_harm',
  'violence',
  'abuse',
  'psychosis',
  'substance',
  'eating',
  'severe_depression',
] as const;
export type CrisisType = (typeof CRISIS_TYPES)[number];

const ALIASES: Readonly<Record<string, string>> = {
  substance_abuse: 'substance',
  domestic_violence: 'abuse',
  eating_disorder: 'eating',
  panic_attack: 'panic',
};
/** Earlier names are understood. */
export const CrisisType = z.preprocess(
  (value) => (typeof value === 'string' ? (ALIASES[value] ?? value) : value),
  z.enum(CRISIS_TYPES),
);

export const CRISIS_LEVELS = ['low', 'moderate', 'high', 'critical'] as const;
export const CrisisLevel = z.enum(CRISIS_LEVELS);
export type CrisisLevel = z.infer<typeof CrisisLevel>;

export const InterventionType = z.enum([
  'automated_response',
  'therapeutic_referral',
  'human_oversight',
  'emergency_services',
]);
export type InterventionType = z.infer<typeof InterventionType>;

export const TherapeuticContext = z.enum([
  'general_therapy',
  'crisis_intervention',
  'cognitive_behavioral',
  'mindfulness',
  'trauma_informed',
  'addiction_recovery',
]);
export type TherapeuticContext = z.infer<typeof TherapeuticContext>;

export const MODIFIERS = [
  'negated',
  'past',
  'third_person',
  'hypothetical',
  'quoted',
  'fiction',
  'idiom',
  'hedged',
  'deobfuscated',
  'fuzzy',
] as const;
export const Modifier = z.enum(MODIFIERS);
export type Modifier = z.infer<typeof Modifier>;

export const MONITORING_FLAGS = [
  'crisis_detected',
  'severe_negative_sentiment',
  'negative_sentiment',
  'escalation_required',
  'content_blocked',
  'obfuscation_detected',
  'fiction_frame',
  'validation_degraded',
  'text_chunked',
] as const;
export const MonitoringFlag = z.enum(MONITORING_FLAGS);
export type MonitoringFlag = z.infer<typeof MonitoringFlag>;

/** What is known about the one who wrote the text. */
export const SafetyContext = z.strictObject({
  session_id: z.string().max(128).optional(),
  user_id: z.string().max(128).optional(),
  session_count: z.int().min(0).optional(),
  previous_violations: z.int().min(0).optional(),
  previous_crisis_indicators: z
    .union([z.boolean(), z.strictObject({ count: z.int().min(0), last_at: z.iso.datetime().optional() })])
    .optional(),
  therapeutic_session: z.boolean().optional(),
  mode: z.enum(['in_character', 'out_of_character', 'unknown']).optional(),
  /** Names of figures of the story that are not the player. */
  entities: z.array(z.string().max(128)).max(500).optional(),
  positive_interactions: z.int().min(0).optional(),
  has_support_system: z.boolean().optional(),
  has_therapist: z.boolean().optional(),
  region: z.string().max(16).optional(),
});
export type SafetyContext = z.infer<typeof SafetyContext>;

export const Finding = z.looseObject({
  rule_id: z.string(),
  category: z.string(),
  level: SafetyLevel,
  priority: z.int(),
  validation_type: ValidationType,
  confidence: z.number().min(0).max(1),
  /** Start and end (exclusive) in UTF-16 units of the original text. */
  span: z.tuple([z.int().min(0), z.int().min(0)]),
  /** The words as they were understood; only for admins. */
  matched_form: z.string().max(80).optional(),
  message: z.string(),
  crisis_type: CrisisType.optional(),
  severity: z.int().min(0).max(6),
  modifiers: z.array(Modifier),
  sentiment_score: z.number().min(-1).max(1),
  escalation_required: z.boolean(),
  alternative_suggested: z.boolean().optional(),
  therapeutic_context: TherapeuticContext.optional(),
});
export type Finding = z.infer<typeof Finding>;

export const AuditEntry = z.looseObject({ event: z.string(), at_ms: z.number() });
export type AuditEntry = z.infer<typeof AuditEntry>;

/** What is known of a text. Source: spec, safety 1 */
export const ValidationResult = z.looseObject({
  level: SafetyLevel,
  score: z.number().min(0).max(1),
  findings: z.array(Finding).max(100),
  findings_truncated: z.literal(true).optional(),
  crisis_detected: z.boolean(),
  crisis_types: z.array(CrisisType),
  distress_types: z.array(z.string()),
  overall_sentiment: z.number().min(-1).max(1),
  therapeutic_appropriateness: z.number().min(0).max(1),
  escalation_recommended: z.boolean(),
  /** A crisis, or something to escalate, where the rules let that raise an alert. */
  should_alert: z.literal(true).optional(),
  alternative_content: z.string().nullable(),
  monitoring_flags: z.array(MonitoringFlag),
  audit: z.array(AuditEntry).optional(),
  rules_version: z.string().regex(/^[0-9a-f]{12}$/),
  source: z.string(),
});
export type ValidationResult = z.infer<typeof ValidationResult>;

/** What a step found in the text it read or wrote; its findings without the words. */
export const StepValidation = z.strictObject({
  level: z.enum(SAFETY_LEVELS),
  crisis_detected: z.boolean(),
  crisis_types: z.array(CrisisType),
  findings: z.array(Finding.omit({ matched_form: true })).max(20),
  monitoring_flags: z.array(MonitoringFlag),
  rules_version: z.string(),
  /** A text of this step was withheld. */
  blocked: z.boolean().optional(),
});
export type StepValidation = z.infer<typeof StepValidation>;

/** How serious a crisis is and what it asks for. Source: spec, safety 6 */
export const CrisisAssessment = z.strictObject({
  crisis_level: CrisisLevel,
  crisis_types: z.array(CrisisType),
  severity: z.int().min(0).max(6),
  confidence: z.number().min(0).max(1),
  risk_factors: z.array(z.string()),
  protective_factors: z.array(z.string()),
  immediate_risk: z.boolean(),
  intervention_recommended: InterventionType,
  escalation_required: z.boolean(),
  assessed_at: z.iso.datetime(),
  rules_version: z.string(),
});
export type CrisisAssessment = z.infer<typeof CrisisAssessment>;

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
