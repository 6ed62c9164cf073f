import { isFleetError } from '../../kernel/errors.ts';
import type { StoredError } from '../plan/node.ts';

/** What a handler threw, as a failure of its step; where and when is known to who called it. */
export function failureOf(thrown: unknown): Omit<StoredError, 'path' | 'at'> {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (isFleetError(thrown)) {
    const { code, retryable, details } = thrown;
    return { code, message, retryable, ...(details === undefined ? {} : { details }) };
  }
  const isFinal = thrown instanceof Error && 'retryable' in thrown && thrown.retryable === false;
  return { code: 'step_failed', message, retryable: !isFinal };
}

/** How long whoever failed asks to be left alone, in ms. */
export function pauseOf(thrown: unknown): number | undefined {
  return isFleetError(thrown) ? thrown.retryAfterMs : undefined;
}
