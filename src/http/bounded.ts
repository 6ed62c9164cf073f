import { FleetError } from '../kernel/errors.ts';

export const STORE_CALL_LIMIT_MS = 1000;

/**
 * A store call that does not outlast `limitMs`: a Redis that accepts a command and stays silent must not hold
 * a request. The call itself goes on and its late outcome is ignored.
 *
 * Errors: backend_unavailable (unavailable)
 */
export async function bounded<T>(call: Promise<T>, limitMs: number = STORE_CALL_LIMIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(storeUnavailable(`no answer within ${limitMs} ms`)), limitMs);
  });
  call.catch(() => undefined);
  try {
    return await Promise.race([call, expired]);
  } finally {
    clearTimeout(timer);
  }
}

export function storeUnavailable(why: string, cause?: unknown): FleetError {
  return new FleetError({
    code: 'backend_unavailable',
    kind: 'unavailable',
    message: `Redis: ${why}`,
    retryAfterMs: 1000,
    ...(cause !== undefined && { cause }),
  });
}
