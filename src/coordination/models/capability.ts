import { z } from 'zod';
import { SemVerText } from '../capabilities/semver.ts';
import { AgentIdText } from './agent-id.ts';
import { JsonObject } from './json.ts';

export const CAPABILITY_TYPES = [
  'processing',
  'generation',
  'analysis',
  'coordination',
  'storage',
  'communication',
] as const;
export const CapabilityType = z.enum(CAPABILITY_TYPES);
export type CapabilityType = z.infer<typeof CapabilityType>;

export const CAPABILITY_STATUSES = ['active', 'deprecated', 'disabled', 'experimental'] as const;
export const CapabilityStatus = z.enum(CAPABILITY_STATUSES);
export type CapabilityStatus = z.infer<typeof CapabilityStatus>;

export const CapabilityScope = z.enum(['session', 'global', 'instance']);
export type CapabilityScope = z.infer<typeof CapabilityScope>;

const LIST_MAX = 64;

/** Up to 64 different members. */
function listOf<T extends z.ZodType<string>>(member: T) {
  return z
    .array(member)
    .max(LIST_MAX)
    .refine((list) => new Set(list).size === list.length, 'the members must differ');
}
export const CapabilityWords = listOf(z.string().min(1).max(128));

/** What an agent can do, and what it takes. */
export const AgentCapability = z
  .strictObject({
    name: z
      .string()
      .max(64)
      .regex(/^[a-z][a-z0-9_]*$/, 'expected a small letter, then small letters, digits or "_"'),
    type: CapabilityType,
    version: SemVerText,
    description: z.string().max(1024).default(''),
    scope: CapabilityScope.default('session'),
    status: CapabilityStatus.default('active'),
    required_inputs: CapabilityWords.default([]),
    optional_inputs: CapabilityWords.default([]),
    tags: CapabilityWords.default([]),
    dependencies: CapabilityWords.default([]),
    /** Earlier versions whose callers it serves as well. */
    compatible_versions: listOf(SemVerText).default([]),
    /** JSON Schema. */
    output_schema: JsonObject.nullable().default(null),
    estimated_duration_ms: z.number().min(0).nullable().default(null),
    /** What it takes of a resource, by its name: `{ram_bytes: 1024}`. */
    resource_requirements: JsonObject.default({}),
    metadata: JsonObject.default({}),
  })
  .meta({ id: 'AgentCapability' });
export type AgentCapability = z.infer<typeof AgentCapability>;
export type AgentCapabilityInput = z.input<typeof AgentCapability>;

/** Everything an agent advertises. `last_updated` is set when it is stored without. */
export const AgentCapabilitySet = z
  .strictObject({
    agent_id: AgentIdText,
    capabilities: z.array(AgentCapability).max(100),
    version: SemVerText.default('1.0.0'),
    last_updated: z.iso.datetime({ offset: true }).nullable().default(null),
    priority: z.int().min(1).max(10).default(5),
    /** As it is at the last heartbeat: messages in hand over concurrency. */
    load_factor: z.number().min(0).max(1).default(0),
    availability: z.boolean().default(true),
  })
  .superRefine(({ capabilities }, context) => {
    const seen = new Set<string>();
    for (const [index, { name, version }] of capabilities.entries()) {
      const id = `${name}@${version}`;
      if (seen.has(id))
        context.addIssue({
          code: 'custom',
          path: ['capabilities', index],
          message: 'name and version are those of another capability of the set',
        });
      seen.add(id);
    }
  })
  .meta({ id: 'AgentCapabilitySet' });
export type AgentCapabilitySet = z.infer<typeof AgentCapabilitySet>;
export type AgentCapabilitySetInput = z.input<typeof AgentCapabilitySet>;
