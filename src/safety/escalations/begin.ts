import type { Escalation } from '../../contracts/escalation.ts';
import { jobPriority, type Priority } from '../../contracts/priority.ts';
import { pageId, type PageJobData } from '../../contracts/safety-job.ts';
import type { CrisisLevel } from '../../contracts/safety.ts';
import { toBackendError } from '../../redis/script.ts';
import {
  aboutEscalation,
  ackMs,
  alertEvent,
  missingChannels,
  reachesPeople,
  retryDelays,
  type EscalationContext,
} from './context.ts';
import { dueMember } from './due.ts';
import { beginEscalation, isOpenEscalation, stepOf, type EscalationSubject } from './transitions.ts';

/** Should the one who called people die before the pages are queued, the round does it after so long. */
const PAGE_GRACE_MS = 1_000;

/**
 * Call people: the record with its deadline first, the pages behind it. The same id twice is once.
 * Errors: backend_unavailable
 */
export async function begin(
  ctx: EscalationContext,
  id: string,
  subject: EscalationSubject,
): Promise<{ escalation: Escalation; isNew: boolean }> {
  const nowMs = ctx.clock.now();
  const skipped = missingChannels(ctx.settings, subject.channels);
  const next = beginEscalation(id, subject, {
    nowMs,
    ackMs: ackMs(ctx.settings, subject.crisis_level),
    skipped,
  });
  const { escalation, isNew } = await ctx.escalations.create({
    next,
    actor: 'system:escalation',
    what: 'created',
    counts: { [`escalation:${next.crisis_level}:created`]: 1 },
    due: dueOfStep(next, nowMs),
    events: [
      { type: 'safety.escalation.created', data: aboutEscalation(next) },
      ...(reachesPeople(ctx.settings)
        ? []
        : [alertEvent('no_human_channel', 'critical', aboutEscalation(next))]),
    ],
  });
  if (isNew) {
    ctx.metrics.safety_escalations_total.inc({ level: subject.crisis_level, outcome: 'created' });
    countSkipped(ctx, skipped);
  }
  await queuePages(ctx, escalation);
  return { escalation, isNew };
}

/** The entries that make a step come about and end. */
export function dueOfStep(escalation: Escalation, nowMs: number): { member: string; atMs: number }[] {
  const { escalation_id: id, ack_deadline_at: deadline, intervention_id: interventionId } = escalation;
  const step = stepOf(escalation);
  return [
    { member: dueMember('page', id, step), atMs: nowMs + PAGE_GRACE_MS },
    { member: dueMember('ack', id, step), atMs: Date.parse(deadline ?? escalation.told_at) },
    ...(interventionId === null
      ? []
      : [{ member: dueMember('mirror', id, escalation.version), atMs: nowMs }]),
  ];
}

export function countSkipped(ctx: EscalationContext, channels: readonly string[]): void {
  for (const channel of channels) ctx.metrics.safety_notifications_total.inc({ channel, outcome: 'skipped' });
}

/** Put the pages of the present step on their queue; a page that is there already stays as it is. */
export async function queuePages(ctx: EscalationContext, escalation: Escalation): Promise<void> {
  const step = stepOf(escalation);
  const { escalation_id: id, crisis_level: level } = escalation;
  try {
    if (isOpenEscalation(escalation)) {
      const delays = retryDelays(ctx.settings, level);
      const channels = escalation.channels.filter((channel) => ctx.settings.configured.has(channel));
      await ctx.pages.addBulk(
        channels.map((channel) => {
          const data: PageJobData = { escalation_id: id, step, channel, delays_ms: delays };
          return {
            name: 'page',
            data,
            opts: {
              jobId: pageId(data),
              priority: jobPriority(CLASS_OF_LEVEL[level], 0),
              attempts: delays.length + 1,
              backoff: { type: 'ao' },
            },
          };
        }),
      );
    }
    await ctx.store.redis.zrem(ctx.store.keys.safetyDue(), dueMember('page', id, step));
  } catch (error) {
    throw toBackendError(error, 'queueing pages');
  }
}

/** README decision 7. */
export const CLASS_OF_LEVEL: Readonly<Record<CrisisLevel, Priority>> = {
  critical: 'critical',
  high: 'high',
  moderate: 'normal',
  low: 'low',
};
