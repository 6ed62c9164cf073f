import { isFleetError } from '../../kernel/errors.ts';
import type { FailureType } from '../models/queue-message.ts';

/** A message in hand: its handler works until it is done, or until somebody ends it. */
export class Work {
  readonly #ended = Promise.withResolvers<Outcome>();
  /** Most handlers never ask for it. */
  #abort: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    return this.#abort.signal;
  }

  async run(handle: () => Promise<void> | void): Promise<Outcome> {
    const handling = (async (): Promise<Outcome> => {
      await handle();
      return { kind: 'done' };
    })();
    // After an end nobody waits for the handler; what it throws then says nothing.
    return Promise.race([handling.catch(outcomeOf), this.#ended.promise]);
  }

  /** The first end counts. The handler is told by its signal: by a `TimeoutError` when its time is up. */
  end(outcome: Outcome): void {
    this.#ended.resolve(outcome);
    const why = END_REASONS[outcome.kind];
    this.#reason ??= outcome.kind === 'failed' ? new DOMException(why, 'TimeoutError') : new Error(why);
    this.#abort?.abort(this.#reason);
  }
}

const END_REASONS: Readonly<Record<Outcome['kind'], string>> = {
  done: 'done',
  failed: 'the time is up',
  given_back: 'the consumer stops',
  lost: 'the reservation is lost',
  put_off: 'put off',
};

export type Outcome =
  | { readonly kind: 'done' | 'given_back' | 'lost' }
  | { readonly kind: 'put_off'; readonly delayMs: number }
  | { readonly kind: 'failed'; readonly failure: FailureType; readonly error: string };

/** An open circuit says nothing about the message: it waits and no attempt is counted. */
function outcomeOf(error: unknown): Outcome {
  if (isFleetError(error) && error.code === 'circuit_open')
    return { kind: 'put_off', delayMs: error.retryAfterMs ?? 1000 };
  const isFinal =
    (error instanceof Error && error.name === 'UnrecoverableError') ||
    (isFleetError(error) && error.code === 'permanent_failure');
  return { kind: 'failed', failure: isFinal ? 'permanent' : 'transient', error: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
