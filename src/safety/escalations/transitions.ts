import {
  TIERS,
  type ChannelName,
  type Escalation,
  type EscalationType,
  type Notification,
  type Tier,
} from '../../contracts/escalation.ts';
import type { Intervention } from '../../contracts/intervention.ts';
import type { CrisisLevel, InterventionType } from '../../contracts/safety.ts';
import { toIso } from '../../kernel/clock.ts';

/** What becomes of an escalation: pure functions from one record to the next. The store counts the versions. */

const MAX_NOTIFICATIONS = 200;
const LAST_TIER = TIERS.length - 1;

/** What an escalation is about, before it has an id. */
export type EscalationSubject = Pick<
  Escalation,
  | 'intervention_id'
  | 'session_id'
  | 'user_hash'
  | 'escalation_type'
  | 'crisis_level'
  | 'crisis_types'
  | 'assessment'
  | 'region'
  | 'channels'
  | 'note'
>;

/** Waits for somebody. */
export function isOpenEscalation({ status }: Pick<Escalation, 'status'>): boolean {
  return status === 'pending' || status === 'failed';
}

/** How often people were called before: 0 for the first tier. */
export function stepOf({ tier, repeats }: Pick<Escalation, 'tier' | 'repeats'>): number {
  return TIERS.indexOf(tier) + repeats;
}

/** Who is called with a step: after the last tier it is that tier again. */
export function tierOf(step: number): Tier {
  return TIERS[Math.min(step, LAST_TIER)]!;
}

export function beginEscalation(
  id: string,
  subject: EscalationSubject,
  about: { readonly nowMs: number; readonly ackMs: number; readonly skipped: readonly ChannelName[] },
): Escalation {
  const at = toIso(about.nowMs);
  return {
    ...subject,
    escalation_id: id,
    version: 1,
    tier: TIERS[0],
    repeats: 0,
    notifications: about.skipped.map((channel) => skippedNotification(channel, 0, at)),
    status: 'pending',
    assigned_human: null,
    created_at: at,
    told_at: at,
    ack_deadline_at: toIso(about.nowMs + about.ackMs),
    acknowledged_at: null,
    response_notes: null,
    resolved_at: null,
  };
}

/** The next tier is called, or the last one again. */
export function callNext(
  now: Escalation,
  about: { readonly nowMs: number; readonly ackMs: number; readonly skipped: readonly ChannelName[] },
): Escalation {
  const step = stepOf(now) + 1;
  const at = toIso(about.nowMs);
  const isRepeat = step > LAST_TIER;
  const skipped = isRepeat ? [] : about.skipped.map((channel) => skippedNotification(channel, step, at));
  return {
    ...now,
    tier: tierOf(step),
    repeats: Math.max(0, step - LAST_TIER),
    told_at: at,
    ack_deadline_at: toIso(about.nowMs + about.ackMs),
    notifications: limited([...now.notifications, ...skipped]),
  };
}

/** A delivery proves that somebody can be reached: what had failed waits for an acknowledgement again. */
export function addNotification(now: Escalation, notification: Notification): Escalation {
  const isReached = notification.outcome === 'delivered' && notification.channel !== 'dashboard';
  return {
    ...now,
    status: isReached && now.status === 'failed' ? 'pending' : now.status,
    notifications: limited([...now.notifications, notification]),
  };
}

export function notificationsOf(now: Escalation, step: number, channel: ChannelName): Notification[] {
  return now.notifications.filter((one) => one.step === step && one.channel === channel);
}

export function isDelivered(now: Escalation, step: number, channel: ChannelName): boolean {
  return notificationsOf(now, step, channel).some(({ outcome }) => outcome === 'delivered');
}

export function failedAttempts(now: Escalation, step: number, channel: ChannelName): number {
  return notificationsOf(now, step, channel).filter(({ outcome }) => outcome === 'failed').length;
}

/** No channel that leaves the fleet took this call, and none of them will be tried again. */
export function hasReachedNobody(
  now: Escalation,
  step: number,
  outbound: readonly ChannelName[],
  attempts: number,
): boolean {
  return (
    outbound.length > 0 &&
    outbound.every(
      (channel) => !isDelivered(now, step, channel) && failedAttempts(now, step, channel) >= attempts,
    )
  );
}

/** Whether a person was told: the console of the operators is watched by nobody in particular. */
export function isPersonTold(now: Escalation): boolean {
  return now.notifications.some(({ outcome, channel }) => outcome === 'delivered' && channel !== 'dashboard');
}

export function acknowledge(
  now: Escalation,
  by: { readonly humanId: string; readonly notes: string | null },
  nowMs: number,
): Escalation {
  return {
    ...now,
    status: 'acknowledged',
    assigned_human: by.humanId,
    acknowledged_at: toIso(nowMs),
    ack_deadline_at: null,
    response_notes: by.notes,
  };
}

export function resolveEscalation(
  now: Escalation,
  by: { readonly humanId: string | null; readonly notes: string | null },
  nowMs: number,
): Escalation {
  return {
    ...now,
    status: 'resolved',
    assigned_human: now.assigned_human ?? by.humanId,
    ack_deadline_at: null,
    response_notes: by.notes ?? now.response_notes,
    resolved_at: toIso(nowMs),
  };
}

const TYPES: Readonly<Record<InterventionType, EscalationType>> = {
  emergency_services: 'emergency_services',
  human_oversight: 'crisis_intervention',
  therapeutic_referral: 'standard',
  automated_response: 'standard',
};

export function subjectOf(
  intervention: Intervention,
  channels: readonly ChannelName[],
  note: string | null,
): EscalationSubject {
  const { assessment } = intervention;
  return {
    intervention_id: intervention.intervention_id,
    session_id: intervention.session_id,
    user_hash: intervention.user_hash,
    escalation_type: TYPES[assessment.intervention_recommended],
    crisis_level: assessment.crisis_level,
    crisis_types: assessment.crisis_types,
    assessment,
    region: intervention.region,
    channels: [...channels],
    note,
  };
}

/** Over which channels a level is told. Source: spec, safety 9; chat goes where the webhook goes */
export const CHANNELS_OF_LEVEL: Readonly<Record<CrisisLevel, readonly ChannelName[]>> = {
  critical: ['pager', 'webhook', 'chat', 'email', 'dashboard', 'sms', 'phone'],
  high: ['webhook', 'chat', 'email', 'dashboard', 'sms'],
  moderate: ['webhook', 'chat', 'email', 'dashboard'],
  low: ['dashboard'],
};

function skippedNotification(channel: ChannelName, step: number, at: string): Notification {
  return {
    channel,
    tier: tierOf(step),
    step,
    recipient_masked: '-',
    attempt: 1,
    outcome: 'skipped',
    at,
    response_time_ms: 0,
    error: 'the channel is not set up',
  };
}

function limited(notifications: Notification[]): Notification[] {
  return notifications.slice(-MAX_NOTIFICATIONS);
}
