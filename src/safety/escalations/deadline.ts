import type { Escalation } from '../../contracts/escalation.ts';
import { CLOSED_STATES } from '../../contracts/intervention.ts';
import { countSkipped, dueOfStep, queuePages } from './begin.ts';
import { aboutEscalation, ackMs, alertEvent, missingChannels, type EscalationContext } from './context.ts';
import { dueMember } from './due.ts';
import type { EscalationChange } from './escalation-store.ts';
import { callNext, isOpenEscalation, resolveEscalation, stepOf } from './transitions.ts';

/**
 * Nobody has acknowledged in time: the next tier is called, at the end the last one again and again. An intervention that
 * a person has closed meanwhile ends its escalation.
 */
export async function passDeadline(ctx: EscalationContext, id: string, step: number): Promise<void> {
  const member = dueMember('ack', id, step);
  const known = await ctx.escalations.find(id);
  if (known === null) return drop(ctx, member);
  if (await isClosed(ctx, known)) {
    await endEscalation(ctx, id, 'the intervention is closed', 'resolved');
    return drop(ctx, member);
  }
  const nowMs = ctx.clock.now();
  const { escalation, isChanged } = await ctx.escalations.change(id, (now) => {
    if (!isOpenEscalation(now) || stepOf(now) !== step) return null;
    return {
      ...nextStep(ctx, now, nowMs),
      what: 'unacknowledged',
      actor: 'system:deadline',
      counts: { [`escalation:${now.crisis_level}:unacknowledged`]: 1 },
    };
  });
  if (!isChanged) return drop(ctx, member);
  countNext(ctx, escalation);
  ctx.metrics.safety_escalations_total.inc({ level: escalation.crisis_level, outcome: 'unacknowledged' });
  await queuePages(ctx, escalation);
}

/** The change that calls the next tier, with everything that follows from it. */
export function nextStep(
  ctx: EscalationContext,
  now: Escalation,
  nowMs: number,
): Omit<EscalationChange, 'what' | 'actor'> {
  const step = stepOf(now);
  const next = callNext(now, {
    nowMs,
    ackMs: ackMs(ctx.settings, now.crisis_level),
    skipped: missingChannels(ctx.settings, now.channels),
  });
  const isRepeat = next.repeats > 0;
  return {
    next,
    done: [dueMember('ack', now.escalation_id, step), dueMember('page', now.escalation_id, step)],
    due: dueOfStep({ ...next, version: now.version + 1 }, nowMs),
    events: [
      { type: 'safety.escalation.unacknowledged', data: aboutEscalation(next) },
      ...(isRepeat ? [alertEvent('escalation_unacknowledged', 'critical', aboutEscalation(next))] : []),
    ],
  };
}

export function countNext(ctx: EscalationContext, escalation: Escalation): void {
  const isRepeat = escalation.repeats > 0;
  ctx.metrics.safety_escalations_total.inc({
    level: escalation.crisis_level,
    outcome: isRepeat ? 'repeated' : 'next_tier',
  });
  if (!isRepeat) countSkipped(ctx, missingChannels(ctx.settings, escalation.channels));
}

/** Nobody is called any more: another escalation takes its place, or a person has closed the intervention. */
export async function endEscalation(
  ctx: EscalationContext,
  id: string,
  why: string,
  outcome: 'superseded' | 'resolved',
): Promise<void> {
  const nowMs = ctx.clock.now();
  const { escalation, isChanged } = await ctx.escalations.change(id, (now) => {
    if (now.status === 'resolved') return null;
    return {
      next: resolveEscalation(now, { humanId: null, notes: why }, nowMs),
      actor: 'system:escalation',
      what: outcome,
      done: timersOf(now),
    };
  });
  if (isChanged) ctx.metrics.safety_escalations_total.inc({ level: escalation.crisis_level, outcome });
}

export function timersOf(now: Escalation): string[] {
  const step = stepOf(now);
  return [dueMember('ack', now.escalation_id, step), dueMember('page', now.escalation_id, step)];
}

async function isClosed(ctx: EscalationContext, { intervention_id: id }: Escalation): Promise<boolean> {
  if (id === null) return false;
  const intervention = await ctx.interventions.get(id);
  return intervention !== null && CLOSED_STATES.includes(intervention.state);
}

async function drop({ store }: EscalationContext, member: string): Promise<void> {
  await store.redis.zrem(store.keys.safetyDue(), member);
}
