import { z } from 'zod';
import { Escalation } from '../../contracts/escalation.ts';
import type { SafetyDashboard, SafetyReport } from '../../contracts/safety-operations/reports.ts';
import { toBackendError } from '../../redis/script.ts';
import { isOverdue } from '../interventions/hold.ts';
import type { InterventionPage } from '../interventions/list.ts';
import type { InterventionStoreOptions } from '../interventions/options.ts';
import type { OpenInterventionStore } from '../interventions/store.ts';
import { isClosed } from '../interventions/states.ts';
import { readStats } from '../record/stats.ts';
import {
  ackTimes,
  answerTimes,
  byLevel,
  countBy,
  notificationsOf,
  percent,
  successPercent,
  sumOf,
  total,
  under,
} from './figures.ts';
import { healthOf } from './health.ts';

export interface ReportContext extends Pick<InterventionStoreOptions, 'store' | 'clock' | 'settings'> {
  readonly interventions: Pick<OpenInterventionStore, 'list' | 'countActive'>;
  /** Of the rules that hold in this process; null where it judges nothing. */
  readonly rules: () => Promise<{ readonly isLoaded: boolean; readonly lastError: string | null } | null>;
  readonly walPending: () => number;
}

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const SHOWN_ACTIVE = 50;
const SHOWN_ESCALATIONS = 20;
const SHOWN_ALERTS = 20;
const MAX_ESCALATIONS = 10_000;
const BATCH = 200;

/** Errors: backend_unavailable. */
export async function dashboard(ctx: ReportContext): Promise<SafetyDashboard> {
  const nowMs = ctx.clock.now();
  const since = nowMs - DAY_HOURS * HOUR_MS;
  const [hours, open, counts, escalations, alerts, rules] = await Promise.all([
    readStats(ctx.store, DAY_HOURS, nowMs),
    openOnes(ctx),
    ctx.interventions.countActive(),
    readEscalations(ctx, since, nowMs),
    readAlerts(ctx, since),
    ctx.rules(),
  ]);
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const today = sumOf(hours.filter(({ atMs }) => new Date(atMs).toISOString().startsWith(day)));
  const last24 = sumOf(hours);
  const answers = answerTimes(today);
  const active = total(counts);
  const notificationPercent = notificationsOf(escalations).successPercent;
  return {
    at: new Date(nowMs).toISOString(),
    summary: {
      day,
      validations: total(under(today, 'text:')),
      crises: today.get('crises') ?? 0,
      opened: today.get('opened') ?? 0,
      closed: closedIn(today),
      active,
      critical: counts.critical,
      mean_response_ms: answers.mean,
      p95_response_ms: answers.p95,
      success_percent: successPercent(today),
    },
    active_interventions: open.items.slice(0, SHOWN_ACTIVE),
    recent_escalations: escalations.slice(0, SHOWN_ESCALATIONS),
    crisis_trends: hours.map(({ atMs, counts: hour }) => ({
      hour: new Date(atMs).toISOString(),
      validations: total(under(hour, 'text:')),
      crises: hour.get('crises') ?? 0,
      opened: hour.get('opened') ?? 0,
      by_level: byLevel(hour),
    })),
    performance_metrics: {
      response_ms: answerTimes(last24),
      ack_seconds: ackTimes(escalations),
      intervention_success_percent: successPercent(last24),
      notification_success_percent: notificationPercent,
    },
    alerts: alerts.slice(0, SHOWN_ALERTS),
    unreadable: [...open.unreadable],
    system_health: healthOf({
      active,
      emergencies: escalations.filter(({ escalation_type: type }) => type === 'emergency_services').length,
      overdue: open.items.filter((one) => isOverdue(one, ctx.settings, nowMs)).length,
      unreadable: open.unreadable.length,
      rulesLoaded: rules?.isLoaded ?? null,
      rulesError: rules?.lastError ?? null,
      successPercent: successPercent(last24),
      notificationPercent,
      alerts: alerts.length,
      walPending: ctx.walPending(),
    }),
  };
}

/** Of the last hours, the one that goes on included. Errors: backend_unavailable. */
export async function report(ctx: ReportContext, hours: number): Promise<SafetyReport> {
  const nowMs = ctx.clock.now();
  const [stats, counts] = await Promise.all([
    readStats(ctx.store, hours, nowMs),
    ctx.interventions.countActive(),
  ]);
  const from = stats[0]!.atMs;
  const escalations = await readEscalations(ctx, from, nowMs);
  const sum = sumOf(stats);
  const texts = under(sum, 'text:');
  const crises = sum.get('crises') ?? 0;
  const validations = total(texts);
  const answers = answerTimes(sum);
  const acks = ackTimes(escalations);
  const notifications = notificationsOf(escalations);
  const success = successPercent(sum);
  const rate = percent(crises, total(under(sum, 'text:input:')));
  const emergencies = escalations.filter(({ escalation_type: type }) => type === 'emergency_services').length;
  const emergencyPercent = percent(emergencies, escalations.length);
  return {
    report_period: { from: new Date(from).toISOString(), to: new Date(nowMs).toISOString(), hours },
    executive_summary: {
      validations,
      crises,
      crisis_rate_percent: rate,
      interventions_opened: sum.get('opened') ?? 0,
      interventions_active: total(counts),
      escalations: escalations.length,
      success_percent: success,
    },
    validation_summary: {
      total: validations,
      by_stage: { input: under(sum, 'text:input:'), output: under(sum, 'text:output:') },
    },
    crisis_summary: {
      total: crises,
      by_type: byType(sum),
      by_level: byLevel(sum),
      mean_response_ms: answers.mean,
      p95_response_ms: answers.p95,
    },
    escalation_summary: {
      total: escalations.length,
      by_type: countBy(escalations, ({ escalation_type: type }) => type),
      by_status: countBy(escalations, ({ status }) => status),
      emergency_percent: emergencyPercent,
      ack_seconds: acks,
      notifications: notifications.outcomes,
      notification_success_percent: notifications.successPercent,
    },
    protocol_summary: {
      actions: actionsOf(sum),
      opened: sum.get('opened') ?? 0,
      raised: sum.get('raised') ?? 0,
      closed: under(sum, 'closed:'),
      sessions_held: sum.get('held') ?? 0,
    },
    recommendations: recommendationsOf({ success, meanAck: acks.mean, emergencyPercent, rate }),
  };
}

/** Source: spec, safety 13 */
function recommendationsOf(of: {
  success: number | null;
  meanAck: number | null;
  emergencyPercent: number | null;
  rate: number | null;
}): string[] {
  const found = [
    of.success !== null &&
      of.success < 90 &&
      `Only ${of.success} % of the steps of interventions succeeded (aim: 90): look at the failed actions first.`,
    of.meanAck !== null &&
      of.meanAck > 300 &&
      `People took ${of.meanAck} s on average to acknowledge (aim: 300): look at who is on call, and over which channels.`,
    of.emergencyPercent !== null &&
      of.emergencyPercent > 20 &&
      `${of.emergencyPercent} % of escalations were emergencies (aim: 20): look for earlier signs, and at the levels.`,
    of.rate !== null &&
      of.rate > 10 &&
      `${of.rate} % of the players' texts were taken for a crisis (aim: 10): read a sample of the audit for false alarms.`,
  ].filter((line) => line !== false);
  return found.length > 0
    ? found
    : ['No figure passed its limit in this period: go on, and read a sample of the audit.'];
}

function byType(sum: ReadonlyMap<string, number>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [name, n] of Object.entries(under(sum, 'crisis:'))) {
    const type = name.split(':')[0]!;
    counts[type] = (counts[type] ?? 0) + n;
  }
  return counts;
}

function actionsOf(sum: ReadonlyMap<string, number>): Record<string, { ok: number; failed: number }> {
  const actions: Record<string, { ok: number; failed: number }> = {};
  for (const [name, n] of Object.entries(under(sum, 'action:'))) {
    const at = name.lastIndexOf(':');
    const outcomes = (actions[name.slice(0, at)] ??= { ok: 0, failed: 0 });
    outcomes[name.slice(at + 1) === 'ok' ? 'ok' : 'failed'] += n;
  }
  return actions;
}

function closedIn(sum: ReadonlyMap<string, number>): number {
  return (sum.get('closed:resolved') ?? 0) + (sum.get('closed:false_positive') ?? 0);
}

/** All that nobody has closed, newest first. */
async function openOnes({ interventions }: ReportContext): Promise<Omit<InterventionPage, 'next'>> {
  const items: InterventionPage['items'] = [];
  const unreadable: string[] = [];
  let after: { at: number; id: string } | undefined;
  do {
    const page = await interventions.list({
      isOpen: true,
      limit: BATCH,
      ...(after === undefined ? {} : { after }),
    });
    items.push(...page.items.filter(({ state }) => !isClosed(state)));
    unreadable.push(...page.unreadable);
    after = page.next ?? undefined;
  } while (after !== undefined && items.length < 1000);
  return { items, unreadable };
}

/** Newest first. One that cannot be read is passed over; whoever works with it is told. */
async function readEscalations(
  { store: { redis, keys } }: ReportContext,
  fromMs: number,
  toMs: number,
): Promise<Escalation[]> {
  try {
    const ids = await redis.zrevrangebyscore(
      keys.safetyEscalations(),
      toMs,
      fromMs,
      'LIMIT',
      0,
      MAX_ESCALATIONS,
    );
    const found: Escalation[] = [];
    for (let i = 0; i < ids.length; i += BATCH) {
      const pipeline = redis.pipeline();
      for (const id of ids.slice(i, i + BATCH)) pipeline.hget(keys.safetyEscalation(id), 'data');
      for (const [, data] of (await pipeline.exec()) ?? []) {
        const parsed = EscalationText.safeParse(data);
        if (parsed.success) found.push(parsed.data);
      }
    }
    return found;
  } catch (error) {
    throw toBackendError(error, 'reading escalations');
  }
}

async function readAlerts({ store: { redis, keys } }: ReportContext, fromMs: number) {
  try {
    const entries = await redis.xrevrange(keys.safetyEvents(), '+', String(Math.max(0, fromMs)));
    return entries.flatMap(([, flat]) => {
      const fieldOf = (name: string) => flat[flat.findIndex((text, i) => i % 2 === 0 && text === name) + 1];
      const data = AlertText.safeParse(fieldOf('data') ?? '{}');
      if (fieldOf('type') !== 'safety.alert') return [];
      return [{ at: fieldOf('at') ?? '', data: data.success ? data.data : {} }];
    });
  } catch (error) {
    throw toBackendError(error, 'reading alerts of safety');
  }
}

const Json = z.string().transform((text, issues): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    issues.addIssue('expected JSON');
    return z.NEVER;
  }
});
const EscalationText = Json.pipe(Escalation);
const AlertText = Json.pipe(z.record(z.string(), z.unknown()));
