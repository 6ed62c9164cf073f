import { systemTimerClock, type TimerClock } from '../in-process/timer-clock.ts';

// Each takes a stream and gives one. Nothing is read before somebody asks for it, and leaving the loop at the end
// leaves every loop before it, so that the source can clean up.

/** Only the pieces that pass. */
export async function* filter<T>(source: AsyncIterable<T>, passes: (piece: T) => boolean): AsyncGenerator<T> {
  for await (const piece of source) if (passes(piece)) yield piece;
}

/** Every piece unchanged, shown to somebody on its way. */
export async function* tap<T>(source: AsyncIterable<T>, show: (piece: T) => void): AsyncGenerator<T> {
  for await (const piece of source) {
    show(piece);
    yield piece;
  }
}

/**
 * Ends as soon as the signal aborts, also while the source is silent: its `return()` is called at once and no
 * further piece comes.
 *
 * Errors: the signal's reason
 */
export async function* untilAbort<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const next = iterator.next();
      next.catch(() => undefined); // it may still fail when nobody waits for it any more
      const { done, value } = await Promise.race([next, aborted.promise]);
      signal.throwIfAborted();
      if (done === true) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    leave(iterator);
  }
}

export interface BufferOptions {
  /** A batch of so many is passed on; default 5. */
  readonly maxChunks?: number;
  /** So long after its first piece a batch is passed on as it is; default 50. */
  readonly maxWaitMs?: number;
  readonly clock?: TimerClock;
}

/** Fewer, longer pieces with the same content. */
export async function* buffer(
  source: AsyncIterable<string>,
  { maxChunks = 5, maxWaitMs = 50, clock = systemTimerClock }: BufferOptions = {},
): AsyncGenerator<string> {
  const iterator = source[Symbol.asyncIterator]();
  let batch: string[] = [];
  let pending: Promise<IteratorResult<string>> | undefined;
  let due: Promise<'due'> | undefined;
  let takeBack = (): void => undefined;
  const passOn = (): string => {
    const merged = batch.join('');
    batch = [];
    due = undefined;
    takeBack();
    return merged;
  };
  try {
    for (;;) {
      pending ??= iterator.next();
      pending.catch(() => undefined);
      const first = await Promise.race(due === undefined ? [pending] : [pending, due]);
      if (first === 'due') {
        yield passOn();
        continue;
      }
      pending = undefined;
      if (first.done === true) break;
      batch.push(first.value);
      if (batch.length >= maxChunks) yield passOn();
      else due ??= new Promise((resolve) => (takeBack = clock.after(maxWaitMs, () => resolve('due'))));
    }
    if (batch.length > 0) yield passOn();
  } finally {
    takeBack();
    leave(iterator);
  }
}

/** A source in the middle of something hears of it when it comes to its next piece; nobody waits for that. */
function leave(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(() => undefined);
}
