import { FleetError, isFleetError } from '../kernel/errors.ts';

/**
 * Call a callback of a definition. Callbacks are pure, so one that throws would throw again.
 * Errors: definition_error (internal, never retried), or the callback's own FleetError
 */
export function callDefinition<T>(workflow: string, callback: () => T): T {
  try {
    return callback();
  } catch (error) {
    if (isFleetError(error)) throw error;
    throw new FleetError({
      code: 'definition_error',
      kind: 'internal',
      retryable: false,
      message: `workflow "${workflow}": ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
}
