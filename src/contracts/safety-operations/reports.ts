import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { Escalation } from '../escalation.ts';
import { Intervention } from '../intervention.ts';

/** Every figure is computed from what was recorded; what is not known is null. Source: spec, safety 13 */

const Count = z.number().min(0);
const Figure = z.number().nullable();
const Counts = z.record(z.string(), Count);
const Times = z.strictObject({ n: Count, mean: Figure, p95: Figure });

export const SafetyHealth = z
  .strictObject({
    status: z.enum(['healthy', 'warning', 'critical']),
    /** Why it is not healthy. */
    reasons: z.array(z.string()),
  })
  .meta({ id: 'SafetyHealth' });
export type SafetyHealth = z.infer<typeof SafetyHealth>;

export const SafetyDashboard = z
  .strictObject({
    at: z.iso.datetime(),
    /** Of the UTC day so far. */
    summary: z.strictObject({
      day: z.string(),
      validations: Count,
      crises: Count,
      opened: Count,
      closed: Count,
      active: Count,
      critical: Count,
      mean_response_ms: Figure,
      p95_response_ms: Figure,
      success_percent: Figure,
    }),
    /** The newest 50 that nobody has closed. */
    active_interventions: z.array(Intervention),
    /** The newest 20. */
    recent_escalations: z.array(Escalation),
    /** The last 24 hours, oldest first. */
    crisis_trends: z.array(
      z.strictObject({
        hour: z.iso.datetime(),
        validations: Count,
        crises: Count,
        opened: Count,
        by_level: Counts,
      }),
    ),
    /** Of the last 24 hours. */
    performance_metrics: z.strictObject({
      response_ms: Times,
      ack_seconds: Times,
      intervention_success_percent: Figure,
      notification_success_percent: Figure,
    }),
    /** The newest 20 of the last 24 hours. */
    alerts: z.array(z.strictObject({ at: z.string(), data: z.record(z.string(), z.unknown()) })),
    /** Records that stand there and cannot be read. */
    unreadable: z.array(z.string()),
    system_health: SafetyHealth,
  })
  .meta({ id: 'SafetyDashboard' });
export type SafetyDashboard = z.infer<typeof SafetyDashboard>;

export const SafetyReport = z
  .strictObject({
    report_period: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime(), hours: z.int() }),
    executive_summary: z.strictObject({
      validations: Count,
      crises: Count,
      crisis_rate_percent: Figure,
      interventions_opened: Count,
      interventions_active: Count,
      escalations: Count,
      success_percent: Figure,
    }),
    validation_summary: z.strictObject({ total: Count, by_stage: z.record(z.string(), Counts) }),
    crisis_summary: z.strictObject({
      total: Count,
      by_type: Counts,
      by_level: Counts,
      mean_response_ms: Figure,
      p95_response_ms: Figure,
    }),
    escalation_summary: z.strictObject({
      total: Count,
      by_type: Counts,
      by_status: Counts,
      emergency_percent: Figure,
      ack_seconds: Times,
      notifications: Counts,
      notification_success_percent: Figure,
    }),
    protocol_summary: z.strictObject({
      actions: z.record(z.string(), z.strictObject({ ok: Count, failed: Count })),
      opened: Count,
      raised: Count,
      closed: Counts,
      sessions_held: Count,
    }),
    recommendations: z.array(z.string()).min(1),
  })
  .meta({ id: 'SafetyReport' });
export type SafetyReport = z.infer<typeof SafetyReport>;

/** Errors of both: forbidden, backend_unavailable (unavailable). */
export interface SafetyReportOperations {
  safetyDashboard(caller: Caller): Promise<SafetyDashboard>;
  /** @param hours  1 to 720 */
  safetyReport(hours: number, caller: Caller): Promise<SafetyReport>;
}
