import { z } from 'zod';
import { AgentType } from './agent-id.ts';

/** Why an agent is not considered; the first that holds is told. */
export const EXCLUSION_REASONS = ['wrong_type', 'stale_heartbeat', 'not_running', 'degraded'] as const;
export const ExclusionReason = z.enum(EXCLUSION_REASONS);
export type ExclusionReason = z.infer<typeof ExclusionReason>;

export const ROUTING_REASONS = ['selected minimal weighted score', 'no healthy candidates found'] as const;

const Weights = z.strictObject({
  queue: z.number().min(0),
  heartbeat: z.number().min(0),
  success: z.number().min(0),
});

/** How an agent stands. What could not be read is null and counts as the worst; lower scores are better. */
export const RoutingCandidate = z.strictObject({
  instance: z.string(),
  /** Waiting, delayed and reserved messages of its own mailbox. */
  queue_length: z.int().min(0).nullable(),
  heartbeat_age_s: z.number().min(0).nullable(),
  success_rate: z.number().min(0).max(1).nullable(),
  /** Null for who is excluded. */
  score: z.number().min(0).nullable(),
  excluded: z.boolean(),
  exclusion_reason: ExclusionReason.optional(),
});
export type RoutingCandidate = z.infer<typeof RoutingCandidate>;

/** Which agent of a type the next message goes to, and why. */
export const RoutingPreview = z
  .strictObject({
    agent_type: AgentType,
    /** Their sum is 1. */
    weights: Weights,
    configured_weights: Weights,
    configured_heartbeat_fresh_seconds: z.number().gt(0),
    /** By score, then those that are excluded if all were asked for. */
    candidates: z.array(RoutingCandidate),
    selected: z.string().nullable(),
    reason: z.enum(ROUTING_REASONS),
    excluded: z.array(
      z.strictObject({ instance: z.string(), agent_type: z.string(), reason: ExclusionReason }),
    ),
    summary: z.strictObject({
      total_agents: z.int().min(0),
      healthy_candidates: z.int().min(0),
      excluded_count: z.int().min(0),
      exclusion_reasons: z.partialRecord(ExclusionReason, z.int().min(1)),
    }),
  })
  .meta({ id: 'RoutingPreview' });
export type RoutingPreview = z.infer<typeof RoutingPreview>;
