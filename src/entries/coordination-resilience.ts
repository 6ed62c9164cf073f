// `tta-agent-fleet/coordination/resilience`: circuit breakers, alone or shared through Redis, and retries. See
// docs/coordination/API.md.

// Circuit breakers.
export { createBreakers, type Breakers, type BreakersOptions } from '../resilience/breakers.ts';
export { createSharedBreakers, type SharedBreakersOptions } from '../resilience/shared/shared-breakers.ts';
export {
  Breaker,
  type BreakerHooks,
  type BreakerSnapshot,
  CALL_OUTCOMES,
  type CallOutcome,
  type ExecuteOptions,
  type FallbackOptions,
  isFailureByDefault,
} from '../resilience/breaker.ts';
export { BreakerConfig, type BreakerSettings } from '../resilience/breaker-config.ts';
export type { BreakerState } from '../resilience/breaker-rules.ts';
export { CircuitOpenError } from '../resilience/circuit-open-error.ts';
export { isDegraded, type Degraded } from '../resilience/degraded.ts';
export { CircuitStore } from '../resilience/shared/circuit-store.ts';
export type { CircuitListing } from '../resilience/shared/circuit-listing.ts';

// Retries.
export { retry, type RetryOptions, RetryFailedError } from '../resilience/retry.ts';
export { RetryPolicy, DEFAULT_RETRY_POLICY, computeDelay } from '../resilience/backoff.ts';

// Errors.
export { FleetError, isFleetError } from '../kernel/errors.ts';
