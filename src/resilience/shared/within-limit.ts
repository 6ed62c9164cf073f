/** The answer did not come in time; what becomes of it nobody knows yet. */
export class NoAnswer extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = 'NoAnswer';
  }
}

/**
 * `work`, or {@link NoAnswer} after `limitMs`. An answer that has arrived and was not read yet, because this process
 * was busy, counts as in time.
 *
 * @param onLate  given what comes after the limit
 */
export function withinLimit<T>(work: Promise<T>, limitMs: number, onLate?: (value: T) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let isOver = false;
    const timer = setTimeout(() => {
      // Timers come before what has arrived at the sockets: one more round to read it.
      setImmediate(() => {
        isOver = true;
        reject(new NoAnswer(limitMs));
      });
    }, limitMs);
    const settle = (value: T): void => {
      clearTimeout(timer);
      if (isOver) onLate?.(value);
      else resolve(value);
    };
    work.then(settle, (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
