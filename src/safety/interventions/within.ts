import { FleetError } from '../../kernel/errors.ts';

/**
 * What ends later than that may still have been written; writing it again is harmless.
 * Errors: backend_unavailable
 */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooLate(ms)), ms);
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(ms: number): FleetError {
  return new FleetError({
    code: 'backend_unavailable',
    kind: 'unavailable',
    message: `Redis did not take a crisis within ${ms} ms`,
    retryAfterMs: 1000,
  });
}
