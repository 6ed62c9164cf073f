import type { CrisisEvent, Intervention } from '../../contracts/intervention.ts';
import { CRISIS_LEVELS, type CrisisAssessment } from '../../contracts/safety.ts';
import type { Crisis } from '../ports.ts';
import { isTaken } from './states.ts';

/** What becomes of an intervention: pure functions from one record to the next. The store counts the versions. */

const MAX_EVENTS = 100;
export const MAX_ACTIONS = 200;

export function beginIntervention(crisis: Crisis): Intervention {
  const { event, responded } = crisis;
  return {
    intervention_id: crisis.interventionId,
    version: 1,
    session_id: crisis.sessionId,
    user_hash: crisis.userHash,
    assessment: crisis.assessment,
    events: [event],
    event_count: 1,
    region: crisis.region,
    locale: crisis.locale,
    actions: [responded],
    state: responded.success ? 'responded' : 'open',
    escalation_status: 'none',
    escalation_id: null,
    escalation_round: 1,
    raised_at: event.at,
    human_notified: false,
    emergency_contacted: false,
    follow_up_required: false,
    follow_up_at: null,
    created_at: event.at,
    updated_at: event.at,
    responded_at: responded.success ? responded.at : null,
    resolved_at: null,
    resolved_by: null,
    resolution_notes: null,
  };
}

/** Another crisis of the same player in the same session while the intervention is open. */
export function addCrisis(
  now: Intervention,
  crisis: Crisis,
): { readonly next: Intervention; readonly tellsPeople: boolean } {
  const { event, responded } = crisis;
  const isRaised = rank(crisis.assessment) > rank(now.assessment);
  const isReopened = now.state === 'follow_up';
  const tellsPeople = isRaised || isReopened;
  // Whoever has it cannot know of what is more serious, so it is on its way to people again.
  const goesBack = tellsPeople && isTaken(now.state);
  const answered = responded.success ? 'responded' : 'open';
  const next: Intervention = {
    ...now,
    version: now.version + 1,
    assessment: isRaised ? raised(now.assessment, crisis.assessment) : alsoOf(now.assessment, crisis.event),
    events: byTime([...now.events, event]).slice(-MAX_EVENTS),
    event_count: now.event_count + 1,
    actions: [...now.actions, responded].slice(-MAX_ACTIONS),
    state: goesBack || now.state === 'open' ? answered : now.state,
    escalation_round: now.escalation_round + (tellsPeople ? 1 : 0),
    ...(tellsPeople ? { raised_at: event.at, escalation_status: 'none' as const } : {}),
    ...(isReopened ? { follow_up_required: false, follow_up_at: null } : {}),
    updated_at: later(now.updated_at, event.at),
    responded_at: now.responded_at ?? (responded.success ? responded.at : null),
  };
  return { next, tellsPeople };
}

/** A person closes it. Whether that is a way, the store decides. */
export function closeByPerson(
  now: Intervention,
  by: { readonly humanId: string; readonly outcome: 'resolved' | 'false_positive'; readonly notes: string },
  atMs: number,
): Intervention {
  return {
    ...now,
    state: by.outcome,
    escalation_status: now.escalation_status === 'none' ? 'none' : 'completed',
    follow_up_required: false,
    resolved_at: new Date(atMs).toISOString(),
    resolved_by: by.humanId,
    resolution_notes: by.notes,
  };
}

/**
 * After its follow-up, nothing serious having come since. @returns null where it must not close by itself, for the
 * store's `change`
 */
export function closeAfterFollowUp(now: Intervention, atMs: number): Intervention | null {
  const { crisis_level: level } = now.assessment;
  const isDue = now.follow_up_at !== null && Date.parse(now.follow_up_at) <= atMs;
  if (now.state !== 'follow_up' || !isDue || level === 'high' || level === 'critical') return null;
  return {
    ...now,
    state: 'resolved',
    escalation_status: now.escalation_status === 'none' ? 'none' : 'completed',
    follow_up_required: false,
    resolved_at: new Date(atMs).toISOString(),
    resolved_by: 'system:follow_up',
    resolution_notes: 'no new crisis until its follow-up',
  };
}

export function rank({ crisis_level: level }: Pick<CrisisAssessment, 'crisis_level'>): number {
  return CRISIS_LEVELS.indexOf(level);
}

/** The newer one counts; what was known of the person before is not forgotten. */
function raised(before: CrisisAssessment, after: CrisisAssessment): CrisisAssessment {
  return {
    ...after,
    crisis_types: union(after.crisis_types, before.crisis_types),
    severity: Math.max(before.severity, after.severity),
    risk_factors: union(after.risk_factors, before.risk_factors),
    protective_factors: union(after.protective_factors, before.protective_factors),
    immediate_risk: before.immediate_risk || after.immediate_risk,
    escalation_required: before.escalation_required || after.escalation_required,
  };
}

function alsoOf(before: CrisisAssessment, event: CrisisEvent): CrisisAssessment {
  return { ...before, crisis_types: union(before.crisis_types, event.crisis_types) };
}

function union<T>(first: readonly T[], second: readonly T[]): T[] {
  return [...new Set([...first, ...second])];
}

/** What had waited on disk comes late and is told where it belongs. */
function byTime(events: readonly CrisisEvent[]): CrisisEvent[] {
  return events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function later(a: string, b: string): string {
  return Date.parse(a) >= Date.parse(b) ? a : b;
}
