import type { Escalation } from '../../contracts/escalation.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { AckTokens } from './ack-token.ts';
import { aboutEscalation, type EscalationContext } from './context.ts';
import { timersOf } from './deadline.ts';
import { dueMember } from './due.ts';
import { mirrorLater } from './mirror.ts';
import { acknowledge, isOpenEscalation, resolveEscalation } from './transitions.ts';

export interface Acknowledgement {
  readonly humanId: string;
  readonly notes: string | null;
  /** Of the page; null: an administrator, who needs none. */
  readonly token: string | null;
  readonly actor: string;
}

export interface Acknowledged {
  readonly escalation: Escalation;
  /** Somebody else was first. */
  readonly by: string | null;
}

/**
 * A person takes it: nobody else is called. The same person again changes nothing, another one learns who has it.
 *
 * Errors: escalation_not_found (not_found), escalation_resolved (conflict), ack_token_invalid (unauthenticated)
 */
export async function acknowledgeEscalation(
  ctx: EscalationContext,
  tokens: AckTokens,
  id: string,
  ack: Acknowledgement,
): Promise<Acknowledged> {
  const nowMs = ctx.clock.now();
  const { escalation, isChanged } = await ctx.escalations.change(id, (now) => {
    assertToken(tokens, now, ack, nowMs);
    if (now.status === 'resolved') throw isResolved(id);
    if (!isOpenEscalation(now)) return null;
    const next = acknowledge(now, ack, nowMs);
    return {
      next,
      actor: ack.actor,
      what: 'acknowledged',
      counts: {
        [`escalation:${now.crisis_level}:acknowledged`]: 1,
        'ack:n': 1,
        'ack:s': Math.max(0, nowMs - Date.parse(now.created_at)) / 1000,
      },
      done: timersOf(now),
      due: mirrorDue(next, now.version + 1, nowMs),
      events: [
        { type: 'safety.escalation.acknowledged', data: { ...aboutEscalation(next), human_id: ack.humanId } },
      ],
    };
  });
  if (!isChanged) {
    const { assigned_human: first } = escalation;
    return { escalation, by: first === ack.humanId ? null : first };
  }
  const { crisis_level: level, created_at: since } = escalation;
  ctx.metrics.safety_escalations_total.inc({ level, outcome: 'acknowledged' });
  ctx.metrics.safety_ack_seconds.observe({}, Math.max(0, nowMs - Date.parse(since)) / 1000);
  await mirrorLater(ctx, escalation);
  return { escalation, by: null };
}

/** Errors: escalation_not_found (not_found), escalation_resolved (conflict). */
export async function closeEscalation(
  ctx: EscalationContext,
  id: string,
  by: { readonly humanId: string; readonly notes: string | null; readonly actor: string },
): Promise<Escalation> {
  const nowMs = ctx.clock.now();
  const { escalation } = await ctx.escalations.change(id, (now) => {
    if (now.status === 'resolved') throw isResolved(id);
    const next = resolveEscalation(now, by, nowMs);
    return {
      next,
      actor: by.actor,
      what: 'resolved',
      counts: { [`escalation:${now.crisis_level}:resolved`]: 1 },
      done: timersOf(now),
      due: mirrorDue(next, now.version + 1, nowMs),
      events: [
        { type: 'safety.intervention.updated', data: { ...aboutEscalation(next), human_id: by.humanId } },
      ],
    };
  });
  ctx.metrics.safety_escalations_total.inc({ level: escalation.crisis_level, outcome: 'resolved' });
  await mirrorLater(ctx, escalation);
  return escalation;
}

function mirrorDue(next: Escalation, version: number, nowMs: number): { member: string; atMs: number }[] {
  if (next.intervention_id === null) return [];
  return [{ member: dueMember('mirror', next.escalation_id, version), atMs: nowMs }];
}

function assertToken(tokens: AckTokens, now: Escalation, ack: Acknowledgement, nowMs: number): void {
  if (ack.token === null) return;
  // Who has acknowledged may ask again: links are opened twice.
  const isRepeat = now.status === 'acknowledged' && now.assigned_human === ack.humanId;
  const isGood = tokens.fits(ack.token, now, isRepeat ? 0 : nowMs);
  if (isGood && (isRepeat || isOpenEscalation(now))) return;
  throw new FleetError({
    code: 'ack_token_invalid',
    kind: 'unauthenticated',
    message: 'the token is not valid: it was used, it belongs to an earlier call, or its time is over',
  });
}

function isResolved(id: string): FleetError {
  return new FleetError({
    code: 'escalation_resolved',
    kind: 'conflict',
    message: `escalation "${id}" is resolved`,
    retryable: false,
  });
}
