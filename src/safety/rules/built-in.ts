import {
  CRISIS_TYPES,
  type CrisisType,
  type SafetyLevel,
  type ValidationType,
} from '../../contracts/safety.ts';
import { DISTRESS, INAPPROPRIATE, MEDICAL_REQUEST } from '../decide/judge.ts';

/** How what a phrase claims is reported. */
export interface ReportRule {
  readonly id: string;
  readonly category: string;
  readonly priority: number;
  readonly level: SafetyLevel;
  readonly validationType: ValidationType;
  readonly escalationThreshold: number;
  readonly message: string;
}

/** Type, priority, level, escalation threshold. Source: spec, safety 3, default rules */
const CRISES: readonly (readonly [CrisisType, number, SafetyLevel, number])[] = [
  ['suicidal_ideation', 100, 'blocked', 0.8],
  ['self_harm', 95, 'blocked', 0.7],
  ['violence', 92, 'blocked', 0.8],
  ['substance', 90, 'warning', 0.85],
  ['psychosis', 88, 'warning', 0.85],
  ['abuse', 85, 'warning', 0.85],
  ['eating', 80, 'warning', 0.8],
  ['severe_depression', 70, 'warning', 0.8],
];

export const CRISIS_RULES: ReadonlyMap<string, ReportRule> = new Map(
  CRISES.map(([type, priority, level, escalationThreshold]) => [
    type,
    {
      id: `crisis_${type}`,
      category: 'crisis_detection',
      priority,
      level,
      validationType: 'crisis_detection',
      escalationThreshold,
      message: `the text may disclose ${type.replaceAll('_', ' ')}`,
    },
  ]),
);

const WARNING = { level: 'warning', escalationThreshold: 1.1 } as const;

/** Claims of a crisis that are not affirmed: denied, over, or another person's. */
export const MENTION_RULE: ReportRule = {
  ...WARNING,
  id: 'crisis_mention',
  category: 'emotional_monitoring',
  priority: 50,
  validationType: 'crisis_detection',
  message: 'a crisis is spoken of that is denied, over, or of another person',
};

const distressRule = (id: string, priority: number, message: string): ReportRule => ({
  ...WARNING,
  id,
  category: 'emotional_monitoring',
  priority,
  validationType: 'context_aware',
  message,
});

export const OTHER_RULES: ReadonlyMap<string, ReportRule> = new Map([
  ...DISTRESS.map(
    (type) =>
      [
        type,
        distressRule(`distress_${type}`, type === 'panic' ? 65 : 35, `the text tells of ${type}`),
      ] as const,
  ),
  [
    MEDICAL_REQUEST,
    {
      ...WARNING,
      id: 'ethics_medical_advice',
      category: 'professional_ethics',
      priority: 60,
      validationType: 'therapeutic_boundary',
      message: 'a diagnosis, a prescription, a dose or the end of a treatment is asked for',
    },
  ],
  [
    INAPPROPRIATE,
    {
      ...WARNING,
      id: 'boundary_inappropriate_content',
      category: 'boundary_maintenance',
      priority: 40,
      validationType: 'therapeutic_boundary',
      message: 'the text asks for something that does not belong here',
    },
  ],
]);

export const SENTIMENT_RULE: ReportRule = distressRule(
  'sentiment_severe_negative',
  30,
  'the words of the text are heavily negative',
);

/** Distress that the words of a text show together and no phrase names. */
export const WEIGHED_RULE: ReportRule = distressRule(
  'distress_weighed',
  32,
  'the words of the text, taken together, tell of distress',
);

export const OUTPUT_HARM_RULE: ReportRule = {
  id: 'output_harm_encouragement',
  category: 'content_harm',
  priority: 108,
  level: 'blocked',
  validationType: 'keyword',
  escalationThreshold: 1.1,
  message: 'the narrator speaks of harming oneself in the first or second person',
};

/** By id. */
export const BUILT_IN_RULES: ReadonlyMap<string, ReportRule> = new Map(
  [...CRISIS_RULES.values(), MENTION_RULE, ...OTHER_RULES.values(), SENTIMENT_RULE, OUTPUT_HARM_RULE].map(
    (rule) => [rule.id, rule],
  ),
);

/** Types that are blocked in any case; the others when there is present danger. */
export const BLOCKED_TYPES: ReadonlySet<string> = new Set(
  CRISES.filter(([, , level]) => level === 'blocked').map(([type]) => type),
);

export function isCrisisType(type: string): type is CrisisType {
  return (CRISIS_TYPES as readonly string[]).includes(type);
}
