import { z } from 'zod';
import { AgentIdText } from './agent-id.ts';
import { AgentRuntimeStatus } from './agent-state.ts';
import { JsonObject } from './json.ts';

/** What an agent would like to have of its host. */
export const AgentResources = z.strictObject({
  cpu_threads: z.int().min(1).optional(),
  ram_bytes: z.int().min(0).optional(),
  gpu_memory_bytes: z.int().min(0).optional(),
});
export type AgentResources = z.infer<typeof AgentResources>;

/** How the calls of an agent went lately; times in ms, null where there was none. */
export const AgentPerformance = z.strictObject({
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  avg_ms: z.number().nullable(),
  error_rate: z.number().min(0).max(1).nullable(),
  /** How many calls these figures stand on. */
  window: z.int().min(0),
});
export type AgentPerformance = z.infer<typeof AgentPerformance>;

/** Who said that an agent is degraded: what an operator said only an operator takes back. */
export const DegradedBy = z.enum(['operator', 'health']);
export type DegradedBy = z.infer<typeof DegradedBy>;

/**
 * One incarnation of an agent, as it stands in Redis and on the wire. Whether it is alive is not stored: it
 * follows from the last heartbeat.
 */
export const AgentRecord = z
  .strictObject({
    name: z.string().min(1).max(128),
    agent_id: AgentIdText,
    registration_id: z.uuid(),
    host: z.string().max(255),
    pid: z.int().min(0),
    version: z.string().max(64),
    status: z.strictObject({
      /** False as soon as it takes no more work. */
      running: z.boolean(),
      degraded: z.boolean(),
      degraded_by: DegradedBy.nullable().default(null),
      status: AgentRuntimeStatus,
      reason: z.string().max(1024).nullable().default(null),
    }),
    metrics: z.strictObject({
      uptime_s: z.number().min(0),
      requests: z.int().min(0),
      errors: z.int().min(0),
      in_flight: z.int().min(0),
      concurrency: z.int().min(1),
    }),
    performance: AgentPerformance.nullable().default(null),
    registered_at: z.iso.datetime(),
    last_heartbeat: z.iso.datetime(),
    heartbeat_ttl_s: z.number().min(0.1).max(300),
    resources: AgentResources.default({}),
    /** `name@version` of what it advertises; the whole set stands under a key of its own. */
    capabilities: z.array(z.string()).max(100).default([]),
    metadata: JsonObject.default({}),
  })
  .meta({ id: 'AgentRecord' });
export type AgentRecord = z.infer<typeof AgentRecord>;
