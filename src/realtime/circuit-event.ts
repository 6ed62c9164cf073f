import type { FleetEventDraft } from '../contracts/fleet-event.ts';
import { toIso } from '../kernel/clock.ts';
import type { CircuitListing } from '../resilience/shared/circuit-listing.ts';
import type { CircuitNotice } from '../resilience/shared/circuit-report.ts';

/** An event of a circuit, and what tells it from the same one heard by another process. */
export interface MarkedCircuitEvent {
  /** Marks of one field grow. */
  readonly field: string;
  readonly mark: number;
  readonly event: FleetEventDraft;
}

/** Null for what only processes that call need to know. */
export function circuitEventOf({ event, name, from, report }: CircuitNotice): MarkedCircuitEvent | null {
  if (report === null) return null;
  switch (event) {
    case 'circuit_transition':
      return {
        field: transitionsOf(name),
        mark: report.epoch,
        event: draft(name, report.state, from, event, report.at),
      };
    case 'circuit_recovery_overdue':
    case 'degraded_mode_activated':
    case 'degraded_mode_deactivated':
      return {
        field: `circuit:${name}:${event}`,
        mark: report.at,
        event: draft(name, report.state, report.state, event, report.at),
      };
    case 'circuit_renewed':
    case 'circuit_failing':
    case 'circuit_healthy':
    case 'circuit_removed':
      return null;
  }
}

/** What a circuit is like now, for those who may have missed how it came to that. */
export function circuitAsItIs({
  name,
  state,
  epoch,
  stateChangedAt,
}: CircuitListing): MarkedCircuitEvent | null {
  if (stateChangedAt === null) return null;
  return {
    field: transitionsOf(name),
    mark: epoch,
    event: draft(name, state, null, 'circuit_transition', stateChangedAt),
  };
}

type CircuitDraft = Extract<FleetEventDraft, { event_type: 'circuit_breaker' }>;

function draft(
  breaker: string,
  state: CircuitDraft['state'],
  previous: CircuitDraft['previous_state'],
  reason: CircuitDraft['reason'],
  atMs: number,
): CircuitDraft {
  return {
    event_type: 'circuit_breaker',
    timestamp: toIso(atMs),
    source: 'circuits',
    breaker,
    state,
    previous_state: previous,
    reason,
  };
}

function transitionsOf(name: string): string {
  return `circuit:${name}`;
}
