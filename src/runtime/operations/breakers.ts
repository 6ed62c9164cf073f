import { BreakerName, type BreakerOperations, type BreakerView } from '../../contracts/breaker.ts';
import { toIso } from '../../kernel/clock.ts';
import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { CircuitListing } from '../../resilience/shared/circuit-listing.ts';
import type { CircuitStore } from '../../resilience/shared/circuit-store.ts';

/** The circuits of the fleet, as they are in Redis. */
export function breakerOperations(circuits: CircuitStore): BreakerOperations {
  async function found(name: string): Promise<BreakerView> {
    const listing = BreakerName.safeParse(name).success ? await circuits.find(name) : null;
    if (listing === null) throw await notFound(circuits, name);
    return viewOf(listing);
  }
  async function changed(name: string, to: 'reset' | 'open'): Promise<BreakerView> {
    if (!BreakerName.safeParse(name).success || (await circuits.change(name, to)) === null)
      throw await notFound(circuits, name);
    return found(name);
  }
  return {
    listBreakers: async () => (await circuits.list()).map(viewOf),
    getBreaker: found,
    resetBreaker: (name) => changed(name, 'reset'),
    openBreaker: (name) => changed(name, 'open'),
  };
}

function viewOf(listing: CircuitListing): BreakerView {
  const { name, state, failures, successes, trials, config } = listing;
  return {
    name,
    state,
    mode: 'shared',
    state_changed_at: listing.stateChangedAt === null ? null : toIso(listing.stateChangedAt),
    first_opened_at: listing.firstOpenedAt === null ? null : toIso(listing.firstOpenedAt),
    retry_after_ms: listing.retryAfterMs,
    failures,
    successes,
    trials,
    recovery_overdue: listing.isRecoveryOverdue,
    degraded: listing.isDegraded,
    counters: {
      calls: listing.calls,
      transitions: listing.transitions,
      state_seconds: listing.stateSeconds,
    },
    config,
  };
}

async function notFound(circuits: CircuitStore, name: string): Promise<FleetError> {
  const known = (await circuits.list()).map((circuit) => circuit.name);
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return new FleetError({
    code: 'breaker_not_found',
    kind: 'not_found',
    message: `no circuit breaker "${name}"${hint}`,
  });
}
