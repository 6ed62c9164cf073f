import { FleetError } from './errors.ts';

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
export async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Settles with `work`, or rejects with the signal's reason when that comes first. Work that ignores the
 * signal goes on in the background; its late rejection is swallowed, because nobody waits for it any more.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort!);
  }
}

/**
 * Aborts `target` when `source` does. For two signals this costs a fraction of `AbortSignal.any`, which keeps track
 * of its sources weakly.
 *
 * @returns a function that unties them
 */
export function linkAbort(source: AbortSignal, target: AbortController): () => void {
  const onAbort = (): void => target.abort(source.reason);
  if (source.aborted) onAbort();
  else source.addEventListener('abort', onAbort, { once: true });
  return () => source.removeEventListener('abort', onAbort);
}

export function timeoutError(code: string, what: string, limitMs: number): FleetError {
  return new FleetError({ code, kind: 'timeout', message: `${what} took longer than ${limitMs} ms` });
}
