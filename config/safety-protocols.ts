import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FleetError } from '../src/kernel/errors.ts';
import { safetyFolder } from './safety-data.ts';

/** What is done for whom: protocols by type and level of a crisis. Source: spec, safety 8 */

/** What may stand in braces in a text of a protocol; all are facts of the assessment, none are words of the player. */
export const PROTOCOL_PLACEHOLDERS = ['crisis_level', 'crisis_types', 'region', 'intervention_id'] as const;

const Text = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => unknownPlaceholder(text) === undefined, {
    error: ({ input }) => {
      const known = PROTOCOL_PLACEHOLDERS.map((name) => `{${name}}`).join(', ');
      return `unknown placeholder ${unknownPlaceholder(String(input)) ?? ''}; expected ${known}`;
    },
  });

const Step = z.discriminatedUnion('step', [
  /** Inline, before all others. */
  z.strictObject({
    step: z.literal('generate_response'),
    with: z.enum(['grounding', 'de_escalation', 'quick_exit']).optional(),
  }),
  z.strictObject({ step: z.literal('provide_resources') }),
  z.strictObject({ step: z.literal('log_event'), message: Text }),
  z.strictObject({
    step: z.literal('notify_human'),
    /** Over which channels: those of the levels critical, high and moderate, or the console alone. */
    audience: z.enum(['all', 'high', 'medium', 'console']),
    note: Text.optional(),
  }),
  z.strictObject({ step: z.literal('contact_emergency') }),
  z.strictObject({
    step: z.literal('schedule_followup'),
    after_minutes: z.int().min(1).max(43_200),
    from: z.enum(['now', 'acknowledgement']),
  }),
]);
export type ProtocolStep = z.infer<typeof Step>;

/** These two answer the player; they come first in every protocol, whatever else it does. */
const INLINE = ['generate_response', 'provide_resources'] as const;

const Steps = z
  .array(Step)
  .max(20)
  .refine((steps) => INLINE.every((name, index) => steps[index]?.step === name), {
    error: 'expected generate_response, then provide_resources, before all other steps',
  })
  .refine((steps) => INLINE.every((name) => steps.filter(({ step }) => step === name).length === 1), {
    error: 'expected generate_response and provide_resources once each',
  });

const Levels = z.strictObject({
  critical: Steps.optional(),
  high: Steps.optional(),
  moderate: Steps.optional(),
  low: Steps.optional(),
  default: Steps.optional(),
});

const Protocols = z.strictObject({
  version: z.string().min(1).max(32),
  protocols: z.strictObject({
    suicidal_ideation: Levels.optional(),
    self_harm: Levels.optional(),
    violence: Levels.optional(),
    abuse: Levels.optional(),
    psychosis: Levels.optional(),
    substance: Levels.optional(),
    eating: Levels.optional(),
    severe_depression: Levels.optional(),
    /** For all that has no entry; its own `default` for all that has none here either. */
    default: z.strictObject({ ...Levels.shape, default: Steps }),
  }),
});
export type Protocols = z.infer<typeof Protocols>;

/**
 * @param path  null: the protocols that come with the product
 * Errors: safety_protocols_invalid (invalid_input) with every fault
 */
export function readProtocols(path: string | null = null): Protocols {
  const file = path ?? join(safetyFolder(), 'protocols.json');
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw invalid(`cannot read the protocols in "${file}": ${(cause as Error).message}`, [], cause);
  }
  return parseProtocols(content, file);
}

/** Errors: safety_protocols_invalid (invalid_input) with every fault. */
export function parseProtocols(content: unknown, name: string): Protocols {
  const parsed = Protocols.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: at, message, code }) => ({
    path: `/${at.join('/')}`,
    message,
    code,
  }));
  const all = problems.map(({ path: at, message }) => `${at}: ${message}`).join('; ');
  throw invalid(`the protocols in "${name}" are not valid: ${all}`, problems);
}

function invalid(
  message: string,
  problems: readonly { path: string; message: string; code: string }[],
  cause?: unknown,
): FleetError {
  return new FleetError({
    code: 'safety_protocols_invalid',
    kind: 'invalid_input',
    message,
    problems,
    ...(cause === undefined ? {} : { cause }),
  });
}

function unknownPlaceholder(text: string): string | undefined {
  const known = PROTOCOL_PLACEHOLDERS.map((name) => `{${name}}`);
  return (text.match(/\{[^}]*\}/g) ?? []).find((found) => !known.includes(found));
}
