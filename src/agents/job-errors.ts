import type { FleetError } from '../kernel/errors.ts';

/** Errors that say that something is known to be down: the job waits and keeps its attempts, while that may pass. */
const WAITING_CODES: ReadonlySet<string> = new Set([
  'circuit_open',
  'backend_unavailable',
  'workflow_version_unavailable',
]);
const DEFAULT_WAIT_MS = 5_000;

export function isWait(error: FleetError): boolean {
  return WAITING_CODES.has(error.code) && error.retryable;
}

export function waitMs(error: FleetError): number {
  return error.retryAfterMs ?? DEFAULT_WAIT_MS;
}

/** Whether a failure ends the job: it must not be repeated, or no attempt is left. */
export function isFinal(error: FleetError, attempt: number, attempts: number | undefined): boolean {
  return !error.retryable || attempt >= (attempts ?? 1);
}
