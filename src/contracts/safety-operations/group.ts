import type { InterventionOperations } from './interventions.ts';
import type { SafetyReports } from './reports.ts';

/** What can be asked of the safety of players, one interface per subject. */
export interface SafetyOperations {
  readonly interventions: InterventionOperations;
  readonly reports: SafetyReports;
}
