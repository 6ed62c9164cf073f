import type { Escalation, Notification } from '../../contracts/escalation.ts';
import { pageId } from '../../contracts/safety-job.ts';
import { toIso } from '../../kernel/clock.ts';
import type { FleetError } from '../../kernel/errors.ts';
import { queuePages } from './begin.ts';
import { aboutEscalation, alertEvent, isOutbound, type EscalationContext } from './context.ts';
import { countNext, nextStep } from './deadline.ts';
import type { DeliveryContext, PageRef } from './delivery-context.ts';
import { dueMember } from './due.ts';
import type { EscalationChange } from './escalation-store.ts';
import { mirrorLater } from './mirror.ts';
import {
  addNotification,
  failedAttempts,
  hasReachedNobody,
  isDelivered,
  isOpenEscalation,
  stepOf,
  tierOf,
} from './transitions.ts';

export async function recordDelivered(
  ctx: DeliveryContext,
  page: PageRef,
  sent: { readonly messageId: string | undefined; readonly ms: number },
  isLate: boolean,
): Promise<void> {
  const nowMs = ctx.clock.now();
  const { escalation, isChanged } = await ctx.escalations.change(page.escalation_id, (now) => {
    if (isDelivered(now, page.step, page.channel)) return null;
    const notification = {
      ...notificationOf(ctx, now, page, nowMs, sent.ms),
      outcome: 'delivered' as const,
      ...(sent.messageId === undefined ? {} : { message_id: sent.messageId.slice(0, 256) }),
    };
    return {
      next: addNotification(now, notification),
      actor: 'system:page',
      what: 'delivered',
      counts: { [`notification:${page.channel}:delivered`]: 1 },
      missed: [{ op: 'rem', channel: page.channel, page: pageId(page), atMs: 0 }],
      ...(isOutbound(page.channel) && now.intervention_id !== null
        ? { due: [{ member: dueMember('mirror', now.escalation_id, now.version + 1), atMs: nowMs }] }
        : {}),
    };
  });
  if (!isChanged) return;
  ctx.metrics.safety_notifications_total.inc({
    channel: page.channel,
    outcome: isLate || failedAttempts(escalation, page.step, page.channel) > 0 ? 'late' : 'delivered',
  });
  if (isOutbound(page.channel)) await mirrorLater(ctx, escalation);
}

/** With the last attempt over the last channel nobody was reached: that is an alert, and the next tier is called at once. */
export async function recordFailed(
  ctx: DeliveryContext,
  page: PageRef & { readonly delays_ms: readonly number[] },
  failure: FleetError,
  ms: number,
): Promise<void> {
  const nowMs = ctx.clock.now();
  let isCallingNext = false;
  let isLost = false;
  const { escalation, isChanged } = await ctx.escalations.change(page.escalation_id, (now) => {
    isCallingNext = false;
    isLost = false;
    if (!isOpenEscalation(now) || isDelivered(now, page.step, page.channel)) return null;
    const notification: Notification = {
      ...notificationOf(ctx, now, page, nowMs, ms),
      outcome: 'failed',
      error: `${failure.code}: ${failure.message}`.slice(0, 500),
    };
    const next = addNotification(now, notification);
    const change: EscalationChange = {
      next,
      actor: 'system:page',
      what: 'not delivered',
      counts: { [`notification:${page.channel}:failed`]: 1 },
      missed: [{ op: 'add', channel: page.channel, page: pageId(page), atMs: calledAt(now, page.step) }],
    };
    const outbound = now.channels.filter((name) => isOutbound(name) && ctx.settings.configured.has(name));
    const isPresent = stepOf(now) === page.step;
    if (!isPresent || !hasReachedNobody(next, page.step, outbound, page.delays_ms.length + 1)) return change;
    isLost = true;
    const counts = { ...change.counts, [`escalation:${now.crisis_level}:failed`]: 1 };
    return { ...change, ...failed(ctx, next, nowMs, () => (isCallingNext = true)), counts };
  });
  if (!isChanged) return;
  ctx.metrics.safety_notifications_total.inc({ channel: page.channel, outcome: 'failed' });
  if (!isLost) return;
  ctx.log.error(
    { escalation_id: escalation.escalation_id },
    'nobody could be told of a crisis over any channel',
  );
  ctx.metrics.safety_escalations_total.inc({ level: escalation.crisis_level, outcome: 'failed' });
  if (isCallingNext) {
    countNext(ctx, escalation);
    await queuePages(ctx, escalation);
  }
  await mirrorLater(ctx, escalation);
}

function failed(
  ctx: EscalationContext,
  now: Escalation,
  nowMs: number,
  callingNext: () => void,
): Partial<EscalationChange> {
  const lost: Escalation = { ...now, status: 'failed' };
  const events = [
    { type: 'safety.escalation.failed' as const, data: aboutEscalation(lost) },
    alertEvent('escalation_failed', 'critical', aboutEscalation(lost)),
  ];
  const due = [{ member: dueMember('mirror', now.escalation_id, now.version + 1), atMs: nowMs }];
  // Behind the last tier stands nobody else: it is called again when its time is over.
  if (lost.tier === 'director')
    return { next: lost, events, ...(now.intervention_id === null ? {} : { due }) };
  callingNext();
  const step = nextStep(ctx, lost, nowMs);
  return { ...step, events: [...events, ...(step.events ?? [])] };
}

function notificationOf(
  ctx: DeliveryContext,
  now: Escalation,
  page: PageRef,
  nowMs: number,
  ms: number,
): Omit<Notification, 'outcome'> {
  const tier = tierOf(page.step);
  return {
    channel: page.channel,
    tier,
    step: page.step,
    recipient_masked: ctx.channels.get(page.channel)!.recipient(tier).slice(0, 128),
    attempt: failedAttempts(now, page.step, page.channel) + 1,
    at: toIso(nowMs),
    response_time_ms: Math.round(ms),
  };
}

/** Steps of one escalation are called one after the other, so a smaller one is older. */
export function calledAt(escalation: Escalation, step: number): number {
  const present = Date.parse(escalation.told_at);
  const missing = stepOf(escalation) - step;
  return missing <= 0 ? present : Math.min(present - missing, Date.parse(escalation.created_at) + step);
}
