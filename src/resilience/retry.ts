import { sleep } from '../kernel/abort.ts';
import { FleetError, isFleetError, toFleetError } from '../kernel/errors.ts';
import { computeDelay, RetryPolicy } from './backoff.ts';

export interface RetryOptions extends Partial<RetryPolicy> {
  /** Ends the retrying, and the wait between two attempts. */
  readonly signal?: AbortSignal;
  /** Whether another attempt may help. Default: what the error says, and yes for errors of other libraries. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
}

/** Every attempt failed, or another one could not help. Code and kind are those of the last error. */
export class RetryFailedError extends FleetError {
  /** Calls that were made. */
  readonly attempts: number;

  constructor(attempts: number, cause: unknown) {
    const { code, kind, message, retryable, httpStatus, details, retryAfterMs } = toFleetError(
      cause,
      'retry_failed',
    );
    super({
      code,
      kind,
      message: `failed after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${message}`,
      retryable,
      httpStatus,
      cause,
      ...(details === undefined ? {} : { details }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.name = 'RetryFailedError';
    this.attempts = attempts;
  }
}

/**
 * Call `fn` until it succeeds, at most `maxAttempts` times, with the delays of the one formula in between; a longer
 * `retryAfterMs` of an error replaces a delay. `fn` must be safe to repeat.
 *
 * Errors: {@link RetryFailedError} with the last error as its cause, the signal's reason, and the ZodError of a policy
 * that is out of range
 * Source: `backoff.ts`
 */
export async function retry<T>(
  fn: (attempt: number, signal: AbortSignal | undefined) => Promise<T>,
  { signal, retryIf = mayHelp, ...given }: RetryOptions = {},
): Promise<T> {
  const policy = RetryPolicy.parse(given);
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await fn(attempt, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= policy.maxAttempts || !retryIf(error, attempt))
        throw new RetryFailedError(attempt, error);
      const retryAfterMs = isFleetError(error) ? error.retryAfterMs : undefined;
      await sleep(computeDelay(policy, attempt, Math.random, retryAfterMs), signal);
    }
  }
}

function mayHelp(error: unknown): boolean {
  return !isFleetError(error) || error.retryable;
}
