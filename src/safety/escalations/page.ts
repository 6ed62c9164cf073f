import type { ChannelName, Escalation } from '../../contracts/escalation.ts';
import { pageId } from '../../contracts/safety-job.ts';
import { toIso } from '../../kernel/clock.ts';
import type { Page } from '../channels/channel.ts';
import type { AckTokens } from './ack-token.ts';
import { stepOf, tierOf } from './transitions.ts';

/**
 * What a person is told. Facts of the records only: no words of the player, and nothing they could be read from.
 * Source: spec, safety 9
 */
export function pageContent(
  escalation: Escalation,
  about: { readonly step: number; readonly channel: ChannelName; readonly nowMs: number },
  links: { readonly tokens: AckTokens; readonly baseUrl: string | null },
): Page {
  const { escalation_id: id, assessment, crisis_level: level, crisis_types: types } = escalation;
  const key = pageId({ escalation_id: id, step: about.step, channel: about.channel });
  const token = links.tokens.issue(escalation);
  const base = links.baseUrl?.replace(/\/+$/, '') ?? null;
  // Behind the sign, so that no server on the way writes the token into its log.
  const ackUrl = base === null || token === null ? null : `${base}/v1/safety/acknowledge#${id}.${token}`;
  const dashboardUrl = base === null ? null : `${base}/v1/safety/escalations/${id}`;
  const tier = tierOf(about.step);
  const subject = subjectOf(escalation, about.step);
  const factors = {
    risk_factors: assessment?.risk_factors ?? [],
    protective_factors: assessment?.protective_factors ?? [],
  };
  const fields = {
    type: 'safety.escalation',
    idempotency_key: key,
    subject,
    escalation_id: id,
    escalation_type: escalation.escalation_type,
    intervention_id: escalation.intervention_id,
    session_id: escalation.session_id,
    user_hash: escalation.user_hash,
    tier,
    step: about.step,
    crisis_level: level,
    crisis_types: types,
    severity: assessment?.severity ?? null,
    confidence: assessment?.confidence ?? null,
    immediate_risk: assessment?.immediate_risk ?? null,
    ...factors,
    region: escalation.region,
    note: escalation.note,
    created_at: escalation.created_at,
    sent_at: toIso(about.nowMs),
    ack_deadline_at: escalation.ack_deadline_at,
    dashboard_url: dashboardUrl,
    ack_url: ackUrl,
    ack_token: token,
  };
  const lines = [
    `level       ${level}${assessment?.immediate_risk === true ? ', immediate risk' : ''}`,
    `types       ${types.join(', ') || escalation.escalation_type}`,
    ...(assessment === null
      ? []
      : [`severity    ${assessment.severity} of 6, confidence ${assessment.confidence.toFixed(2)}`]),
    `risk        ${factors.risk_factors.join(', ') || '-'}`,
    `protective  ${factors.protective_factors.join(', ') || '-'}`,
    `since       ${escalation.created_at}`,
    `region      ${escalation.region ?? 'unknown'}`,
    `called      ${tier}${escalation.repeats > 0 ? `, again (${escalation.repeats})` : ''}`,
    `escalation  ${id}`,
    `intervention ${escalation.intervention_id ?? '-'}`,
    `session     ${escalation.session_id}`,
    `player      ${escalation.user_hash}`,
    ...(escalation.note === null ? [] : [`note        ${escalation.note}`]),
    ...(dashboardUrl === null ? [] : [`record      ${dashboardUrl}`]),
    ackUrl === null
      ? `acknowledge ao safety escalations ack ${id} --human <you>`
      : `acknowledge ${ackUrl} (until ${escalation.ack_deadline_at ?? '-'})`,
  ];
  return { key, tier, level, subject, lines, fields, link: ackUrl };
}

function subjectOf(escalation: Escalation, step: number): string {
  const what = escalation.crisis_types.join(', ') || escalation.escalation_type;
  const again = step > stepOf(escalation) - escalation.repeats && escalation.repeats > 0 ? ' (again)' : '';
  return `[${escalation.crisis_level.toUpperCase()}] safety escalation${again}: ${what}`;
}
