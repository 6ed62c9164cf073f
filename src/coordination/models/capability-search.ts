import { z } from 'zod';
import { compareSemVer, parseSemVer, SemVerText } from '../capabilities/semver.ts';
import { AgentIdText } from './agent-id.ts';
import { AgentCapability, CapabilityType, CapabilityWords } from './capability.ts';
import { JsonObject } from './json.ts';

/** What is looked for. What is not given does not matter. */
export const CapabilityMatchCriteria = z
  .strictObject({
    /** How near it must come to a name is the algorithm's business; `semantic_match` takes words. */
    capability_name: z.string().min(1).max(256).nullable().default(null),
    capability_type: CapabilityType.nullable().default(null),
    /** What the caller can give; the capability must know all of it. */
    required_inputs: CapabilityWords.default([]),
    /** Both bounds belong to the range. */
    min_version: SemVerText.nullable().default(null),
    max_version: SemVerText.nullable().default(null),
    preferred_version: SemVerText.nullable().default(null),
    max_duration_ms: z.number().min(0).nullable().default(null),
    /** What there is of a resource: what needs more of it does not match. */
    resource_constraints: z.record(z.string(), z.number()).default({}),
    require_available: z.boolean().default(true),
    max_load_factor: z.number().min(0).max(1).default(0.8),
    required_tags: CapabilityWords.default([]),
    /** Each must equal the capability's metadata of that name. */
    metadata_filters: JsonObject.default({}),
  })
  .superRefine(({ min_version, max_version }, context) => {
    const [min, max] = [parseSemVer(min_version ?? ''), parseSemVer(max_version ?? '')];
    if (min !== undefined && max !== undefined && compareSemVer(min, max) > 0)
      context.addIssue({ code: 'custom', path: ['min_version'], message: 'must not be above max_version' });
  })
  .meta({ id: 'CapabilityMatchCriteria' });
export type CapabilityMatchCriteria = z.infer<typeof CapabilityMatchCriteria>;
export type CapabilityMatchCriteriaInput = z.input<typeof CapabilityMatchCriteria>;

/** A capability of an agent that fits. */
export const CapabilityMatch = z
  .strictObject({
    agent_id: AgentIdText,
    capability: AgentCapability,
    match_score: z.number().min(0).max(1),
    /** Name and type are the wanted ones, both as far as given, and a name was. */
    exact_match: z.boolean(),
    /** It has the preferred version; without one, a version in range. */
    version_match: z.boolean(),
    /** It is not known to take longer than wanted. */
    performance_match: z.boolean(),
    agent_load_factor: z.number().min(0).max(1),
    agent_availability: z.boolean(),
    /** Messages in its mailbox times duration over concurrency; null when one of them is not known. */
    estimated_wait_time_ms: z.number().min(0).nullable(),
  })
  .meta({ id: 'CapabilityMatch' });
export type CapabilityMatch = z.infer<typeof CapabilityMatch>;

export const CapabilityDiscoveryResponse = z
  .strictObject({
    /** The best first. */
    matches: z.array(CapabilityMatch),
    /** Agents that advertise something and are alive. */
    total_agents_searched: z.int().min(0),
    search_duration_ms: z.number().min(0),
    discovery_timestamp: z.iso.datetime(),
    /** Whether what fits was known already; who is alive and how loaded is looked up in any case. */
    cache_hit: z.boolean(),
  })
  .meta({ id: 'CapabilityDiscoveryResponse' });
export type CapabilityDiscoveryResponse = z.infer<typeof CapabilityDiscoveryResponse>;
