import { CLOSED_STATES, type Intervention, type InterventionState } from '../../contracts/intervention.ts';
import type { CrisisLevel } from '../../contracts/safety.ts';
import { FleetError } from '../../kernel/errors.ts';

/**
 * The life of an intervention, and the only place that knows which way leads where:
 *
 * 1. a crisis opens it; with the answer that the player gets it is `responded`
 * 2. as soon as somebody is about to be told it is `escalated`, again for each further tier
 * 3. a person takes it (`acknowledged`), cares (`in_care`), looks again later (`follow_up`)
 * 4. a person closes it; what was never serious closes by itself after its follow-up
 *
 * A crisis that is more serious than what is known, or comes while one looks again later, leads back to 1: people are
 * told again.
 *
 * Source: spec, safety 7; drawn in docs/interventions.md
 */
export const INTERVENTION_WAYS: Readonly<Record<InterventionState, readonly InterventionState[]>> = {
  open: ['responded', 'resolved', 'false_positive'],
  responded: ['escalated', 'acknowledged', 'follow_up', 'resolved', 'false_positive'],
  escalated: ['escalated', 'acknowledged', 'resolved', 'false_positive'],
  acknowledged: ['in_care', 'follow_up', 'responded', 'resolved', 'false_positive'],
  in_care: ['follow_up', 'responded', 'resolved', 'false_positive'],
  follow_up: ['open', 'resolved', 'false_positive'],
  resolved: [],
  false_positive: [],
};

/** Somebody has taken it: nobody needs to be called any more. */
const TAKEN: readonly InterventionState[] = ['acknowledged', 'in_care', 'follow_up', ...CLOSED_STATES];
/** Who acts for no person. */
const MACHINE = /^system(:|$)/;

export function isClosed(state: InterventionState): boolean {
  return CLOSED_STATES.includes(state);
}

export function isTaken(state: InterventionState): boolean {
  return TAKEN.includes(state);
}

/** Whether an actor is a person: all are whose name does not begin with `system`. */
export function isPerson(actor: string): boolean {
  return !MACHINE.test(actor);
}

/** Levels that no machine closes. */
export function needsPersonToClose(level: CrisisLevel): boolean {
  return level === 'high' || level === 'critical';
}

/** To stay where it is is a way too, except once closed. Errors: intervention_state (conflict). */
export function assertWay(now: Intervention, to: InterventionState, actor: string): void {
  const { intervention_id: id, state: from } = now;
  if (isClosed(from)) throw noWay(now, `intervention "${id}" is closed (${from})`);
  if (to !== from && !INTERVENTION_WAYS[from].includes(to)) {
    const ways = INTERVENTION_WAYS[from].join(', ');
    throw noWay(now, `intervention "${id}" is ${from}; from there it becomes ${ways}, not ${to}`);
  }
  if (!isClosed(to) || isPerson(actor)) return;
  const level = now.assessment.crisis_level;
  if (needsPersonToClose(level))
    throw noWay(now, `intervention "${id}" is ${level}: only a person may close it`);
  if (from !== 'follow_up') {
    throw noWay(now, `intervention "${id}" is ${from}: it closes by itself only after its follow-up`);
  }
}

function noWay(now: Intervention, message: string): FleetError {
  return new FleetError({
    code: 'intervention_state',
    kind: 'conflict',
    message,
    retryable: false,
    details: { state: now.state, ways: INTERVENTION_WAYS[now.state] },
  });
}
