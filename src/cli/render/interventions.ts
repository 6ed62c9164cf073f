import type { Intervention } from '../../contracts/intervention.ts';
import { renderTable } from './table.ts';
import { printable } from './text.ts';

export function interventionTable(items: readonly Intervention[], width: number): string[] {
  return renderTable(
    [
      { header: 'intervention' },
      { header: 'since' },
      { header: 'level' },
      { header: 'state' },
      { header: 'session' },
    ],
    items.map((one) => [
      one.intervention_id,
      one.created_at,
      one.assessment.crisis_level,
      one.state,
      printable(one.session_id),
    ]),
    { width },
  );
}

export function interventionLines(one: Intervention): string[] {
  const { assessment } = one;
  const facts: readonly (readonly [string, string | null])[] = [
    ['intervention', one.intervention_id],
    ['state', `${one.state}, version ${one.version}`],
    ['level', `${assessment.crisis_level}, severity ${assessment.severity}`],
    ['types', assessment.crisis_types.join(', ')],
    ['at risk now', assessment.immediate_risk ? 'yes' : 'no'],
    ['risks', assessment.risk_factors.join(', ')],
    ['protected by', assessment.protective_factors.join(', ')],
    ['session', one.session_id],
    ['player', one.user_hash],
    ['since', one.created_at],
    ['people know', one.human_notified ? 'yes' : 'no'],
    ['escalation', one.escalation_id],
    ['follow-up', one.follow_up_at],
    [
      'closed',
      one.resolved_at && `${one.resolved_at} by ${one.resolved_by ?? '?'}: ${one.resolution_notes ?? ''}`,
    ],
  ];
  return [
    ...facts
      .filter(([, value]) => value !== null && value !== '')
      .map(([name, value]) => `${name.padEnd(14)}${printable(value ?? '')}`),
    ...one.events.map(
      ({ at, crisis_level: level, crisis_types: types }) => `${at}  crisis, ${level}: ${types.join(', ')}`,
    ),
    ...one.actions.map(({ at, action_type: type, success, description }) =>
      printable(`${at}  ${type}, ${success ? 'done' : 'failed'}: ${description}`),
    ),
  ];
}
