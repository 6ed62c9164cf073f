import { z } from 'zod';
import type { Caller } from '../../contracts/caller.ts';
import { IsoTime } from '../../contracts/identifiers.ts';
import { CapabilityStatistics } from '../capabilities/overview.ts';
import type { CapabilityDiscoveryRequest } from '../capabilities/search-options.ts';
import { ComponentStatus, type DiscoveryStatus } from '../capabilities/discovery/status.ts';
import type { AgentIdInput } from '../models/agent-id.ts';
import { AgentPerformance, AgentResources, DegradedBy } from '../models/agent-record.ts';
import { AGENT_RUNTIME_STATUSES } from '../models/agent-state.ts';
import { AgentCapabilitySet } from '../models/capability.ts';
import type { CapabilityDiscoveryResponse } from '../models/capability-search.ts';
import { JsonObject } from '../models/json.ts';
import type { RoutingPreview } from '../models/routing.ts';
import { AGENT_COMMANDS } from '../supervision/commands.ts';

/** What can be asked of a fleet about its agents, with the shapes that HTTP, the client and the CLI share. */

export const AGENT_HEALTH = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;
export const AgentHealth = z.enum(AGENT_HEALTH);
export type AgentHealth = z.infer<typeof AgentHealth>;

export const AGENT_STATUSES = [...AGENT_RUNTIME_STATUSES, 'lost', 'unknown'] as const;
export const AgentStatus = z.enum(AGENT_STATUSES);
export type AgentStatus = z.infer<typeof AgentStatus>;

/** What may be told of an agent beside its record. */
export const AGENT_INCLUDES = ['performance', 'capabilities', 'discovery'] as const;
export type AgentInclude = (typeof AGENT_INCLUDES)[number];

/** An agent, or a worker of an agent's queue that is not registered: of that one only its name is known. */
export const AgentListing = z
  .strictObject({
    /** `type:instance`. */
    agent_id: z.string(),
    agent_type: z.string(),
    instance: z.string(),
    registered: z.boolean(),
    /** Whether its heartbeats arrive. */
    alive: z.boolean(),
    /** `lost`: it fell silent; `unknown`: it is not registered. */
    status: AgentStatus,
    health: AgentHealth,
    /** Who said that it should get no work, and why. */
    degraded: z.strictObject({ by: DegradedBy.nullable(), reason: z.string().nullable() }).nullable(),
    last_heartbeat: IsoTime.nullable(),
    /** Seconds. */
    last_heartbeat_age: z.number().nullable(),
    heartbeat_ttl_s: z.number().nullable(),
    registered_at: IsoTime.nullable(),
    uptime_s: z.number().nullable(),
    /** What it has in hand of what it can have, 0 to 1. */
    current_load: z.number().min(0).max(1).nullable(),
    in_flight: z.int().nullable(),
    concurrency: z.int().nullable(),
    requests: z.int().nullable(),
    errors: z.int().nullable(),
    host: z.string().nullable(),
    pid: z.int().nullable(),
    version: z.string().nullable(),
    resources: AgentResources,
    /** `name@version`. */
    capabilities: z.array(z.string()),
    performance: AgentPerformance.nullable(),
    metadata: JsonObject,
    /** With `include=capabilities`. */
    capability_set: AgentCapabilitySet.nullable().optional(),
    /** With `include=discovery`. */
    discovery: ComponentStatus.nullable().optional(),
  })
  .meta({ id: 'Agent' });
export type AgentListing = z.infer<typeof AgentListing>;

export interface AgentListFilter {
  readonly type?: string;
  readonly status?: AgentStatus;
  readonly include?: readonly AgentInclude[];
}

/** What an operator asked of an agent; an event of the agent tells what came of it. */
export const AskedOfAgent = z
  .strictObject({
    agent_id: z.string(),
    command: z.enum([...AGENT_COMMANDS, 'degrade', 'undegrade']),
    /** Of what the agent's process is to do. */
    command_id: z.uuid().nullable(),
    /** False when nothing was to be done. */
    changed: z.boolean(),
  })
  .meta({ id: 'AskedOfAgent' });
export type AskedOfAgent = z.infer<typeof AskedOfAgent>;

export const AgentReason = z
  .strictObject({ reason: z.string().trim().min(1).max(500).optional() })
  .meta({ id: 'AgentReason' });
export type AgentReason = z.infer<typeof AgentReason>;

export const SystemSummary = z
  .strictObject({
    total_agents: z.int(),
    healthy_agents: z.int(),
    degraded_agents: z.int(),
    unhealthy_agents: z.int(),
    unknown_agents: z.int(),
    total_capabilities: z.int(),
    unique_capability_types: z.int(),
    overall_health: AgentHealth,
  })
  .meta({ id: 'SystemSummary' });
export type SystemSummary = z.infer<typeof SystemSummary>;

export const SystemHealth = z
  .strictObject({
    overall_health: AgentHealth,
    agents: z.array(
      AgentListing.pick({ agent_id: true, agent_type: true, status: true, last_heartbeat_age: true }).extend({
        health: AgentHealth,
      }),
    ),
  })
  .meta({ id: 'SystemHealth' });
export type SystemHealth = z.infer<typeof SystemHealth>;

export interface PreviewQuestion {
  readonly agentType: string;
  readonly excludeDegraded?: boolean;
  readonly showAllCandidates?: boolean;
}

/**
 * Common errors: validation_failed (invalid_input), backend_unavailable (unavailable).
 * A fleet's own agents may be named by their short names: `ipa` is `input_processor`.
 */
export interface AgentOperations {
  /** By text form: those that are registered, then workers that are not. */
  listAgents(filter: AgentListFilter): Promise<AgentListing[]>;
  /** Errors also: agent_not_found. */
  getAgent(agent: AgentIdInput): Promise<AgentListing>;
  /** Its name is free again; should it be alive, it stops taking messages. Errors also: agent_not_found. */
  deregisterAgent(agent: AgentIdInput): Promise<void>;
  /** It takes no more work until it is restarted. Errors also: agent_not_found, agent_not_alive (conflict). */
  drainAgent(agent: AgentIdInput, request: AgentReason, caller: Caller): Promise<AskedOfAgent>;
  /** Errors also: agent_not_found, agent_not_alive (conflict). */
  restartAgent(agent: AgentIdInput, request: AgentReason, caller: Caller): Promise<AskedOfAgent>;
  /** Nobody routes to it until that is taken back. Errors also: agent_not_found. */
  degradeAgent(agent: AgentIdInput, request: AgentReason): Promise<AskedOfAgent>;
  /** Errors also: agent_not_found. */
  undegradeAgent(agent: AgentIdInput): Promise<AskedOfAgent>;
  /** Whom the next message to this type goes to; nothing changes. */
  previewRouting(question: PreviewQuestion): Promise<RoutingPreview>;
  discoverCapabilities(request: CapabilityDiscoveryRequest): Promise<CapabilityDiscoveryResponse>;
  listCapabilities(): Promise<AgentCapabilitySet[]>;
  capabilityStatistics(): Promise<CapabilityStatistics>;
  /** How the advertisement of all agents of the fleet stands. */
  discoveryStatus(): Promise<DiscoveryStatus>;
  systemSummary(): Promise<SystemSummary>;
  systemHealth(): Promise<SystemHealth>;
}
