import { z } from 'zod';

/** `local`: rules and grammars without network. `llm`: a language model. `cache`: a remembered answer of one. */
export const OUTPUT_SOURCES = ['local', 'llm', 'cache'] as const;
export type OutputSource = (typeof OUTPUT_SOURCES)[number];

/** Why an answer is less than it could be; what follows the colon names the circuit or the step. */
export const DEGRADED_REASONS = [
  'circuit_open',
  'provider_error',
  'sla_fallback',
  'invalid_output',
  'model_refused',
  'budget_exceeded',
  'resource_pressure',
  'step_skipped',
] as const;

/**
 * One of {@link DEGRADED_REASONS}, with a name behind a colon where there is one: `circuit_open:provider.main`.
 *
 * Source: spec, workflows 2.5
 */
export const DegradedReason = z
  .string()
  .max(160)
  .refine((reason) => (DEGRADED_REASONS as readonly string[]).includes(reason.split(':', 1)[0]!), {
    message: `expected one of ${DEGRADED_REASONS.join(', ')}, with a name behind a colon where there is one`,
  });
export type DegradedReason = z.infer<typeof DegradedReason>;

export const TokenUsage = z.strictObject({
  input_tokens: z.int().min(0),
  output_tokens: z.int().min(0),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

/** The fields by which every agent says where its output comes from. `degraded_reasons` is absent when there are none. */
export const provenance = {
  source: z.enum(OUTPUT_SOURCES),
  /** Absent for local outputs. */
  provider: z.string().max(64).optional(),
  model: z.string().max(128).optional(),
  /** What was spent, also when its answer was not used. */
  usage: TokenUsage.optional(),
  degraded: z.boolean(),
  degraded_reasons: z.array(DegradedReason).max(8).optional(),
};

export const Provenance = z.strictObject(provenance);
export type Provenance = z.infer<typeof Provenance>;
