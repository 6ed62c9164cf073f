import type { Escalation } from '../../contracts/escalation.ts';
import {
  CLOSED_STATES,
  type EscalationStatus,
  type Intervention,
  type InterventionAction,
} from '../../contracts/intervention.ts';
import { isFleetError } from '../../kernel/errors.ts';
import type { EscalationContext } from './context.ts';
import { dueMember } from './due.ts';
import { followUpAfterAck } from './follow-up.ts';
import { isPersonTold } from './transitions.ts';

/**
 * What became of an escalation, in the record of its intervention. Says the same again and again without harm; an
 * escalation that another one has replaced says nothing any more.
 */
export async function mirror(ctx: EscalationContext, id: string, version: number): Promise<void> {
  const escalation = await ctx.escalations.find(id);
  if (escalation !== null && escalation.intervention_id !== null) {
    const interventionId = escalation.intervention_id;
    try {
      const { state, follow_up_at: at } = await ctx.interventions.change(
        interventionId,
        (now) => mirrored(now, escalation),
        { actor: escalation.assigned_human ?? 'system:escalation', what: `escalation ${escalation.status}` },
      );
      if (state === 'acknowledged' && at !== null) await followUpAfterAck(ctx, interventionId);
    } catch (error) {
      if (!isFleetError(error) || error.code !== 'intervention_not_found') throw error;
    }
  }
  await ctx.store.redis.zrem(ctx.store.keys.safetyDue(), dueMember('mirror', id, version));
}

/** What was decided stands already; should this fail, the round makes up for it. */
export async function mirrorLater(ctx: EscalationContext, escalation: Escalation): Promise<void> {
  if (escalation.intervention_id === null) return;
  const { escalation_id: id, version } = escalation;
  await mirror(ctx, id, version).catch((error: unknown) => {
    ctx.log.warn({ err: error, escalation_id: id }, 'an intervention learns later of its escalation');
  });
}

const STATUS: Readonly<Record<Escalation['status'], EscalationStatus>> = {
  pending: 'in_progress',
  failed: 'failed',
  acknowledged: 'completed',
  resolved: 'completed',
};

/** Null when the record says it already. */
export function mirrored(now: Intervention, escalation: Escalation): Intervention | null {
  if (CLOSED_STATES.includes(now.state) || roundOf(escalation.escalation_id) < newestRound(now)) return null;
  // Who answered to a call before the crisis grew worse has not heard of what it is now.
  const isNewest = roundOf(escalation.escalation_id) >= now.escalation_round;
  const isAnswered = escalation.status === 'acknowledged' || escalation.status === 'resolved';
  const isAcknowledged = isNewest && isAnswered;
  const isTold = isPersonTold(escalation);
  const actions = actionsOf(escalation, isTold).filter((action) => !isKnown(now, action));
  const next: Intervention = {
    ...now,
    escalation_id: escalation.escalation_id,
    escalation_status: STATUS[escalation.status],
    state: nextState(now.state, isAcknowledged),
    human_notified: now.human_notified || isTold,
    actions: actions.length === 0 ? now.actions : [...now.actions, ...actions].slice(-200),
    ...(isAcknowledged ? followUpOf(now, escalation) : {}),
  };
  return JSON.stringify(next) === JSON.stringify(now) ? null : next;
}

function nextState(state: Intervention['state'], isAcknowledged: boolean): Intervention['state'] {
  if (state !== 'responded' && state !== 'escalated') return state;
  return isAcknowledged ? 'acknowledged' : 'escalated';
}

function followUpOf(now: Intervention, { acknowledged_at: at }: Escalation): Partial<Intervention> {
  const planned = now.actions.findLast((action) => action.metadata?.['from'] === 'acknowledgement');
  const minutes = planned?.metadata?.['after_minutes'];
  if (typeof minutes !== 'number' || at === null || now.follow_up_at !== null) return {};
  return {
    follow_up_required: true,
    follow_up_at: new Date(Date.parse(at) + minutes * 60_000).toISOString(),
  };
}

function actionsOf(escalation: Escalation, isTold: boolean): InterventionAction[] {
  const { escalation_id: id, status, acknowledged_at: acknowledgedAt, created_at: since } = escalation;
  const action = (
    type: string,
    description: string,
    at: string,
    more: Partial<InterventionAction> = {},
  ): InterventionAction => ({
    action_type: type,
    description,
    at,
    success: true,
    response_time_ms: Math.max(0, Date.parse(at) - Date.parse(since)),
    ...more,
    metadata: { escalation_id: id, ...more.metadata },
  });
  const first = escalation.notifications.find(
    ({ outcome, channel }) => outcome === 'delivered' && channel !== 'dashboard',
  );
  return [
    ...(isTold && first !== undefined
      ? [
          action('human_notified', `told over ${first.channel}`, first.at, {
            metadata: { channel: first.channel, tier: first.tier },
          }),
        ]
      : []),
    ...(status === 'failed'
      ? [
          action('escalation_failed', 'no channel delivered', escalation.told_at, {
            success: false,
            error: 'every attempt over every channel failed',
            metadata: { tier: escalation.tier, repeats: escalation.repeats },
          }),
        ]
      : []),
    ...(acknowledgedAt === null ? [] : [action('acknowledged', 'a person has taken it', acknowledgedAt)]),
  ];
}

function isKnown(now: Intervention, action: InterventionAction): boolean {
  return now.actions.some(
    (known) =>
      known.action_type === action.action_type &&
      known.metadata?.['escalation_id'] === action.metadata?.['escalation_id'] &&
      known.at === action.at,
  );
}

function newestRound({ escalation_id: id }: Intervention): number {
  return id === null ? 0 : roundOf(id);
}

/** `<intervention_id>-<round>`. */
function roundOf(escalationId: string): number {
  const round = Number(escalationId.slice(escalationId.lastIndexOf('-') + 1));
  return Number.isFinite(round) ? round : 0;
}
