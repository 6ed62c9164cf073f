import type { RunEvent } from '../contracts/run.ts';

/** The source says nothing when it has caught up with a live run; silence of this length means that it has. */
const CAUGHT_UP_AFTER_MS = 200;

/** Reads a source of events that may go on for ever: with time limits, and closing it for certain. */
export class EventReader {
  readonly #ending = new AbortController();
  readonly #iterator: AsyncIterator<RunEvent>;
  #pending: Promise<IteratorResult<RunEvent>> | undefined;

  constructor(open: (signal: AbortSignal) => AsyncIterable<RunEvent>, outer?: AbortSignal) {
    const signal = outer ? AbortSignal.any([outer, this.#ending.signal]) : this.#ending.signal;
    this.#iterator = open(signal)[Symbol.asyncIterator]();
  }

  /** The next event without taking it; undefined at the end, or when none comes within `limitMs`. */
  async peek(limitMs: number): Promise<RunEvent | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, limitMs, undefined);
    });
    try {
      const next = await Promise.race([this.#next(), silence]);
      return next === undefined || next.done ? undefined : next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  take(): void {
    this.#pending = undefined;
  }

  async *all(): AsyncGenerator<RunEvent> {
    for (;;) {
      const next = await this.#next();
      if (next.done) return;
      this.take();
      yield next.value;
    }
  }

  /** Ends the source; a read that is still waiting is given up. */
  close(): void {
    this.#ending.abort();
    this.#pending?.catch(() => undefined);
    // Not awaited: a source that ignores its signal must not hold the response.
    this.#iterator.return?.().catch(() => undefined);
  }

  #next(): Promise<IteratorResult<RunEvent>> {
    this.#pending ??= this.#iterator.next();
    return this.#pending;
  }
}

/** Up to `limit` stored events. Of a run that goes on, those that come before the source falls silent. */
export async function collectPage(reader: EventReader, limit: number, isLive: boolean): Promise<RunEvent[]> {
  const items: RunEvent[] = [];
  try {
    if (isLive) {
      while (items.length < limit) {
        const event = await reader.peek(CAUGHT_UP_AFTER_MS);
        if (event === undefined) break;
        reader.take();
        items.push(event);
      }
      return items;
    }
    for await (const event of reader.all()) {
      items.push(event);
      if (items.length >= limit) break;
    }
    return items;
  } finally {
    reader.close();
  }
}
