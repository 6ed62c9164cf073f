import { z } from 'zod';
import type { Caller } from '../caller.ts';
import { ChannelName, Escalation, Tier } from '../escalation.ts';
import { IsoTime } from '../identifiers.ts';
import type { CrisisLevel } from '../safety.ts';

/** What can be asked about the calls to people, and answered to them. Source: spec, safety 9 and 12 */

const HumanId = z.string().trim().min(1).max(128);
const Notes = z.string().trim().max(2000);

export const AcknowledgeEscalation = z
  .strictObject({
    /** Who takes it: a name that others know. */
    human_id: HumanId,
    notes: Notes.optional(),
    /** Of the page; not needed by administrators. */
    token: z.string().min(1).max(200).optional(),
  })
  .meta({ id: 'AcknowledgeEscalation' });
export type AcknowledgeEscalation = z.infer<typeof AcknowledgeEscalation>;

export const ResolveEscalation = z
  .strictObject({ human_id: HumanId, notes: Notes.optional() })
  .meta({ id: 'ResolveEscalation' });
export type ResolveEscalation = z.infer<typeof ResolveEscalation>;

export const AcknowledgedEscalation = z
  .looseObject({
    ...Escalation.shape,
    /** Who was first, when it was somebody else. */
    already_acknowledged_by: z.string().nullable(),
  })
  .meta({ id: 'AcknowledgedEscalation' });
export type AcknowledgedEscalation = z.infer<typeof AcknowledgedEscalation>;

/** An entry of the operators' console: a page, or an alert. */
export const SafetyConsoleEntry = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['page', 'alert']),
    at: IsoTime,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'SafetyConsoleEntry' });
export type SafetyConsoleEntry = z.infer<typeof SafetyConsoleEntry>;

export const TestChannel = z.strictObject({ tier: Tier.default('on_call') }).meta({ id: 'TestChannel' });
export type TestChannel = z.infer<typeof TestChannel>;

export const ChannelTest = z
  .strictObject({
    channel: ChannelName,
    tier: Tier,
    /** `skipped`: it is not set up. */
    outcome: z.enum(['delivered', 'failed', 'skipped']),
    recipient_masked: z.string(),
    response_time_ms: z.number().min(0),
    error: z.string().optional(),
  })
  .meta({ id: 'ChannelTest' });
export type ChannelTest = z.infer<typeof ChannelTest>;

export interface EscalationFilter {
  readonly status?: Escalation['status'];
  readonly level?: CrisisLevel;
  readonly limit: number;
  /** `created_at` epoch ms and id of the last one seen. */
  readonly after?: { readonly at: number; readonly id: string };
}

export interface EscalationOperations {
  /** Newest first. */
  listEscalations(filter: EscalationFilter): Promise<Escalation[]>;
  /** Errors: escalation_not_found. */
  getEscalation(escalationId: string): Promise<Escalation>;
  /**
   * A person takes it. Without the role `admin` a token of the present page is needed.
   * Errors: escalation_not_found, escalation_resolved (conflict), ack_token_invalid (unauthenticated)
   */
  acknowledgeEscalation(
    escalationId: string,
    request: AcknowledgeEscalation,
    caller: Caller,
  ): Promise<AcknowledgedEscalation>;
  /** Errors: escalation_not_found, escalation_resolved (conflict). */
  resolveEscalation(escalationId: string, request: ResolveEscalation, caller: Caller): Promise<Escalation>;
  /** Pages of the console and alerts, oldest first: those after an entry, else the newest. */
  listSafetyAlerts(page: { readonly limit: number; readonly after?: string }): Promise<SafetyConsoleEntry[]>;
  /** Sends a page that says it is a test. Errors: validation_failed for an unknown channel. */
  testChannel(channel: ChannelName, request: TestChannel): Promise<ChannelTest>;
}
