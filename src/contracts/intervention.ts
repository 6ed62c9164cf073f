import { z } from 'zod';
import { CrisisAssessment, CrisisLevel, CrisisType } from './safety.ts';

/**
 * What becomes of a person at risk, from the first sign to the human who closes it.
 *
 * Source: spec, safety 7
 */
export const INTERVENTION_STATES = [
  'open',
  'responded',
  'escalated',
  'acknowledged',
  'in_care',
  'follow_up',
  'resolved',
  'false_positive',
] as const;
export const InterventionState = z.enum(INTERVENTION_STATES);
export type InterventionState = z.infer<typeof InterventionState>;

/** No way leads out of these. */
export const CLOSED_STATES: readonly InterventionState[] = ['resolved', 'false_positive'];

export const ESCALATION_STATUSES = ['none', 'pending', 'in_progress', 'completed', 'failed'] as const;
export const EscalationStatus = z.enum(ESCALATION_STATUSES);
export type EscalationStatus = z.infer<typeof EscalationStatus>;

/** Something that was done for the person, and whether it succeeded. */
export const InterventionAction = z.strictObject({
  action_type: z.string().max(64),
  description: z.string().max(500),
  at: z.iso.datetime(),
  success: z.boolean(),
  response_time_ms: z.number().min(0),
  error: z.string().max(500).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type InterventionAction = z.infer<typeof InterventionAction>;

/** One sign of the crisis; never with the words themselves. */
export const CrisisEvent = z.strictObject({
  at: z.iso.datetime(),
  /** Names the request it came with; the same request is never two events. */
  request_id: z.string().max(255),
  /** `ingress`: before a run; `agent`: a job of another service; `log`: after Redis had been away. */
  origin: z.enum(['ingress', 'agent', 'log']),
  crisis_level: CrisisLevel,
  crisis_types: z.array(CrisisType),
  severity: z.int().min(0).max(6),
});
export type CrisisEvent = z.infer<typeof CrisisEvent>;

export const Intervention = z.looseObject({
  /** UUIDv7. */
  intervention_id: z.string(),
  /** Grows with every change; what a change is based on. */
  version: z.int().min(1),
  session_id: z.string(),
  user_hash: z.string(),
  /** Of the most serious event. */
  assessment: CrisisAssessment,
  /** Oldest first, the newest 100. */
  events: z.array(CrisisEvent),
  /** All there were. */
  event_count: z.int().min(1),
  region: z.string().nullable(),
  locale: z.string(),
  /** The newest 200. */
  actions: z.array(InterventionAction),
  state: InterventionState,
  escalation_status: EscalationStatus,
  /** The newest escalation; null while there is none. */
  escalation_id: z.string().nullable(),
  /** How often it was raised to people: with the first crisis and with each higher level. */
  escalation_round: z.int().min(0),
  /** Since when people have to know: its beginning, or the newest crisis that was more serious. */
  raised_at: z.iso.datetime().optional(),
  /** Only after a channel confirmed the delivery. */
  human_notified: z.boolean(),
  emergency_contacted: z.boolean(),
  follow_up_required: z.boolean(),
  follow_up_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  responded_at: z.iso.datetime().nullable(),
  resolved_at: z.iso.datetime().nullable(),
  resolved_by: z.string().nullable(),
  resolution_notes: z.string().max(2000).nullable(),
});
export type Intervention = z.infer<typeof Intervention>;

/** What is known of a player before a text is judged. Source: spec, safety 6 */
export interface PlayerSafety {
  readonly violations: number;
  readonly crisisCount: number;
  readonly lastCrisisAtMs: number | null;
  /** The session plays on only after a person has released it. */
  readonly isHeld: boolean;
  /** The open intervention of this player in this session. */
  readonly open: Intervention | null;
}
