import type { SafetyHealth } from '../../contracts/safety-operations/reports.ts';

/** What is known of the state of safety; null and undefined: not known here. */
export interface HealthFacts {
  readonly active: number;
  /** Calls to emergency services within 24 hours. */
  readonly emergencies: number;
  /** Critical interventions that nobody took in time. */
  readonly overdue: number;
  readonly unreadable: number;
  readonly rulesLoaded: boolean | null;
  readonly rulesError: string | null;
  readonly successPercent: number | null;
  readonly notificationPercent: number | null;
  /** Within 24 hours. */
  readonly alerts: number;
  /** Crises that wait on the disk of this process. */
  readonly walPending: number;
}

/** Source: spec, safety 13 */
export function healthOf(facts: HealthFacts): SafetyHealth {
  const critical = [
    facts.active > 10 && `${facts.active} interventions are open (more than 10)`,
    facts.emergencies > 5 && `${facts.emergencies} emergency escalations in 24 hours (more than 5)`,
    facts.overdue > 0 && `${facts.overdue} critical interventions were taken by nobody in time`,
    facts.rulesLoaded === false && 'no rules are loaded',
    facts.unreadable > 0 && `${facts.unreadable} interventions cannot be read`,
  ].filter((reason) => reason !== false);
  const warning = [
    isBelow(facts.successPercent, 80) && `only ${facts.successPercent} % of interventions' steps succeeded`,
    isBelow(facts.notificationPercent, 90) && `only ${facts.notificationPercent} % of notifications arrived`,
    facts.alerts > 20 && `${facts.alerts} alerts in 24 hours (more than 20)`,
    facts.rulesError !== null && `the newest rules were refused: ${facts.rulesError}`,
    facts.walPending > 0 && `${facts.walPending} crises wait on disk for Redis`,
  ].filter((reason) => reason !== false);
  const status = critical.length > 0 ? 'critical' : warning.length > 0 ? 'warning' : 'healthy';
  return { status, reasons: [...critical, ...warning] };
}

function isBelow(value: number | null, limit: number): boolean {
  return value !== null && value < limit;
}
