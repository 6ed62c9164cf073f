import { z } from 'zod';
import { CrisisAssessment, CrisisLevel, CrisisType } from './safety.ts';

/** Whom a crisis is told, one after the other. Source: spec, safety 9 */
export const TIERS = ['on_call', 'supervisor', 'director'] as const;
export const Tier = z.enum(TIERS);
export type Tier = z.infer<typeof Tier>;

export const CHANNELS = ['webhook', 'email', 'chat', 'dashboard', 'sms', 'phone', 'pager'] as const;
export const ChannelName = z.enum(CHANNELS);
export type ChannelName = z.infer<typeof ChannelName>;

export const ESCALATION_TYPES = [
  'standard',
  'crisis_intervention',
  'emergency_services',
  'repeated_output_violation',
] as const;
export const EscalationType = z.enum(ESCALATION_TYPES);
export type EscalationType = z.infer<typeof EscalationType>;

/** `skipped`: the channel is not set up; never a success. */
export const NotificationOutcome = z.enum(['delivered', 'failed', 'skipped']);
export type NotificationOutcome = z.infer<typeof NotificationOutcome>;

export const Notification = z.strictObject({
  channel: ChannelName,
  tier: Tier,
  /** Which call to people it belongs to: 0 for the first tier, growing with every next or repeated one. */
  step: z.int().min(0),
  /** Enough to recognise the recipient, not enough to write to. */
  recipient_masked: z.string().max(128),
  attempt: z.int().min(1),
  outcome: NotificationOutcome,
  at: z.iso.datetime(),
  message_id: z.string().max(256).optional(),
  response_time_ms: z.number().min(0),
  error: z.string().max(500).optional(),
});
export type Notification = z.infer<typeof Notification>;

export const Escalation = z
  .looseObject({
    /** `<intervention_id>-<round>`, or `out-<hash>` for repeated violations by the narrator. */
    escalation_id: z.string().regex(/^[A-Za-z0-9-]{1,96}$/),
    version: z.int().min(1),
    /** Null where no player is in a crisis. */
    intervention_id: z.string().nullable(),
    session_id: z.string(),
    user_hash: z.string(),
    escalation_type: EscalationType,
    tier: Tier,
    /** How often the last tier was told again. */
    repeats: z.int().min(0),
    crisis_level: CrisisLevel,
    crisis_types: z.array(CrisisType),
    /** Null for repeated violations by the narrator. */
    assessment: CrisisAssessment.nullable(),
    region: z.string().nullable(),
    /** Over which channels people are told, set up or not. */
    channels: z.array(ChannelName),
    /** What the protocol adds for whoever reads it. */
    note: z.string().max(500).nullable(),
    /** When the present tier was told, or told again. */
    told_at: z.iso.datetime(),
    /** The newest 200. */
    notifications: z.array(Notification),
    status: z.enum(['pending', 'acknowledged', 'resolved', 'failed']),
    assigned_human: z.string().nullable(),
    created_at: z.iso.datetime(),
    /** When the next tier is told unless somebody acknowledges before. */
    ack_deadline_at: z.iso.datetime().nullable(),
    acknowledged_at: z.iso.datetime().nullable(),
    response_notes: z.string().max(2000).nullable(),
    resolved_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Escalation' });
export type Escalation = z.infer<typeof Escalation>;
