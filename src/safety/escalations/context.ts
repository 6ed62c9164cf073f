import type { Queue } from 'bullmq';
import type { ChannelName, Escalation } from '../../contracts/escalation.ts';
import type { CrisisLevel } from '../../contracts/safety.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { RedisStore } from '../../redis/store.ts';
import type { InterventionStore } from '../ports.ts';
import type { EscalationStore, SafetyEvent } from './escalation-store.ts';

export interface EscalationSettings {
  readonly ackMinutes: Readonly<Record<'critical' | 'high' | 'moderate', number>>;
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Those that are set up. */
  readonly configured: ReadonlySet<ChannelName>;
  readonly outputWindowMs: number;
}

/** What everything around escalations works with; runtime puts it together. */
export interface EscalationContext {
  readonly store: RedisStore;
  readonly escalations: EscalationStore;
  readonly interventions: Pick<InterventionStore, 'get' | 'change'>;
  /** `safety-escalation`. */
  readonly pages: Queue;
  readonly settings: EscalationSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<
    Metrics,
    | 'safety_escalations_total'
    | 'safety_notifications_total'
    | 'safety_ack_seconds'
    | 'safety_protocol_steps_total'
  >;
}

/** What leaves the fleet: the console of the operators does not. */
export function isOutbound(channel: ChannelName): boolean {
  return channel !== 'dashboard';
}

export function reachesPeople({ configured }: Pick<EscalationSettings, 'configured'>): boolean {
  return [...configured].some(isOutbound);
}

export function ackMs({ ackMinutes }: EscalationSettings, level: CrisisLevel): number {
  return Math.round(ackMinutes[level === 'low' ? 'moderate' : level] * 60_000);
}

const CRITICAL_DELAYS_MS = [5_000, 15_000, 60_000];

/** The pauses between the attempts of a page. Source: spec, safety 9 */
export function retryDelays(settings: EscalationSettings, level: CrisisLevel): number[] {
  return Array.from({ length: settings.retries }, (_, index) => {
    if (level !== 'critical') return settings.retryDelayMs;
    return Math.min(settings.retryDelayMs, CRITICAL_DELAYS_MS[index] ?? CRITICAL_DELAYS_MS.at(-1)!);
  });
}

export function missingChannels(
  { configured }: EscalationSettings,
  channels: readonly ChannelName[],
): ChannelName[] {
  return channels.filter((channel) => !configured.has(channel));
}

export type AlertName =
  | 'escalation_unacknowledged'
  | 'escalation_failed'
  | 'no_human_channel'
  | 'protocol_step_failed'
  | 'follow_up_due';

/** Something an operator must see, in the terms of the records; never what a player wrote. */
export function alertEvent(
  alert: AlertName,
  severity: 'critical' | 'warning',
  about: Readonly<Record<string, string | number | null>>,
): SafetyEvent {
  return { type: 'safety.alert', data: { alert_type: `safety.${alert}`, severity, ...about } };
}

/** What watchers are told of an escalation. */
export function aboutEscalation(escalation: Escalation): Record<string, string | number | null> {
  return {
    escalation_id: escalation.escalation_id,
    intervention_id: escalation.intervention_id,
    session_id: escalation.session_id,
    crisis_level: escalation.crisis_level,
    tier: escalation.tier,
    repeats: escalation.repeats,
    status: escalation.status,
  };
}
