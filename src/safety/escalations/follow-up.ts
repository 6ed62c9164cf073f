import { CLOSED_STATES, type Intervention, type InterventionState } from '../../contracts/intervention.ts';
import { toIso } from '../../kernel/clock.ts';
import { addEvent } from '../record-event.ts';
import { alertEvent, type EscalationContext } from './context.ts';
import { dueMember } from './due.ts';

/** Somebody is still being called: then the follow-up waits, looking again after so long. */
const POSTPONED_MS = 15 * 60_000;
const MAY_BE_LOOKED_AT: readonly InterventionState[] = ['responded', 'acknowledged', 'in_care', 'follow_up'];

/** The entry that brings a follow-up about; the time itself stands in the intervention. */
export async function planFollowUp(
  { store }: EscalationContext,
  intervention: Intervention,
  atMs: number,
): Promise<void> {
  const member = dueMember('follow_up', intervention.intervention_id, intervention.escalation_round);
  await store.redis.zadd(store.keys.safetyDue(), atMs, member);
}

export async function followUpAfterAck(ctx: EscalationContext, interventionId: string): Promise<void> {
  const now = await ctx.interventions.get(interventionId);
  if (now !== null && now.follow_up_at !== null && now.follow_up_required) {
    await planFollowUp(ctx, now, Date.parse(now.follow_up_at));
  }
}

/**
 * The time has come to look again: a person is reminded. What was moderate at most, and stayed quiet, is closed instead.
 */
export async function followUp(ctx: EscalationContext, interventionId: string, round: number): Promise<void> {
  const { store, clock } = ctx;
  const member = dueMember('follow_up', interventionId, round);
  const now = await ctx.interventions.get(interventionId);
  const isPast = now === null || CLOSED_STATES.includes(now.state) || now.escalation_round !== round;
  if (isPast) {
    await store.redis.zrem(store.keys.safetyDue(), member);
    return;
  }
  if (!MAY_BE_LOOKED_AT.includes(now.state)) {
    await store.redis.zadd(store.keys.safetyDue(), clock.now() + POSTPONED_MS, member);
    return;
  }
  const about = { actor: 'system:follow_up', what: 'follow-up is due' };
  const looked = await ctx.interventions.change(
    interventionId,
    (current) => (MAY_BE_LOOKED_AT.includes(current.state) ? { ...current, state: 'follow_up' } : null),
    about,
  );
  if (closesByItself(looked)) {
    await ctx.interventions.change(
      interventionId,
      (current) =>
        current.state === 'follow_up' && closesByItself(current) ? closed(current, clock.now()) : null,
      { ...about, what: 'closed after a quiet follow-up' },
    );
  } else {
    await addEvent(
      store,
      alertEvent('follow_up_due', 'warning', {
        intervention_id: interventionId,
        crisis_level: looked.assessment.crisis_level,
      }),
      clock.now(),
    );
  }
  await store.redis.zrem(store.keys.safetyDue(), member);
}

/** Only a person closes what is high or critical, or what another crisis has followed. */
function closesByItself({
  assessment,
  events,
  raised_at: raisedAt,
  created_at: since,
}: Intervention): boolean {
  if (assessment.crisis_level === 'high' || assessment.crisis_level === 'critical') return false;
  const begun = Date.parse(typeof raisedAt === 'string' ? raisedAt : since);
  return events.every(({ at }) => Date.parse(at) <= begun);
}

function closed(now: Intervention, nowMs: number): Intervention {
  return {
    ...now,
    state: 'resolved',
    escalation_status: now.escalation_status === 'none' ? 'none' : 'completed',
    follow_up_required: false,
    resolved_at: toIso(nowMs),
    resolved_by: 'system:follow_up',
    resolution_notes: 'no new crisis until its follow-up',
  };
}
