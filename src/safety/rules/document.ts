import { z } from 'zod';
import {
  CrisisType,
  SafetyLevel,
  STAGES,
  TherapeuticContext,
  ValidationType,
} from '../../contracts/safety.ts';

export const MAX_PATTERN_RULES = 500;
export const MAX_TERMS = 50_000;
export const MAX_DOCUMENT_BYTES = 1_048_576;
const PLACEHOLDERS = new Set(['resource_name', 'resource_contact', 'emergency_number']);

const Share = z.number().min(0).max(1);

const Template = z
  .string()
  .max(2000)
  .refine((text) => [...text.matchAll(/\{(\w*)\}/gu)].every(([, name]) => PLACEHOLDERS.has(name!)), {
    message: `the only placeholders are ${[...PLACEHOLDERS].map((name) => `{${name}}`).join(', ')}`,
  });

/** One rule of a document. Source: spec, safety 3 */
export const Rule = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/),
    category: z.string().max(64).default('uncategorized'),
    priority: z.int().min(0).max(1000).default(0),
    /** `safe` records only. */
    level: SafetyLevel.default('safe'),
    /** RE2 syntax. */
    pattern: z.string().min(1).max(1000).optional(),
    /** Literal words or phrases. */
    terms: z.array(z.string().min(1).max(200)).min(1).max(5000).optional(),
    flags: z
      .string()
      .regex(/^[ims]*$/)
      .default('i'),
    validation_type: ValidationType.default('keyword'),
    stages: z
      .array(z.enum(STAGES))
      .min(1)
      .default([...STAGES]),
    sensitivity: Share.default(0.5),
    escalation_threshold: Share.default(0.8),
    context_aware: z.boolean().default(false),
    crisis_type: CrisisType.optional(),
    therapeutic_context: TherapeuticContext.optional(),
    alternative_template: Template.optional(),
    locale: z.string().max(16).optional(),
    enabled: z.boolean().default(true),
  })
  .refine(({ pattern, terms }) => pattern === undefined || terms === undefined, {
    message: 'a rule has a pattern or terms, not both',
  });
export type Rule = z.output<typeof Rule>;

/** Rules as they are kept and sent. What is left out keeps its default; nothing built in goes away by omission. */
export const RulesDocument = z.strictObject({
  rules: z.array(Rule).default([]),
  crisis_detection: z
    .strictObject({
      enabled: z.boolean().default(true),
      sensitivity: Share.default(0.7),
      escalation_threshold: Share.default(0.9),
    })
    .prefault({}),
  alternative_generation: z
    .strictObject({
      enabled: z.boolean().default(true),
      therapeutic_tone: z.boolean().default(true),
      supportive_messaging: z.boolean().default(true),
    })
    .prefault({}),
  monitoring: z
    .strictObject({
      enabled: z.boolean().default(true),
      track_violations: z.boolean().default(true),
      alert_on_escalation: z.boolean().default(true),
    })
    .prefault({}),
});
export type RulesDocument = z.output<typeof RulesDocument>;
