import { FleetClientError } from './error.ts';
import { readEventStream } from './event-stream.ts';
import { wait, type Call, type Transport } from './transport.ts';

const RECONNECT_AFTER_MS = 500;
const MAX_SILENT_RECONNECTS = 5;

export interface FollowOptions {
  /** Continue after this id. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/** A stream that can be taken up again after any of its entries. */
export interface ResumableStream<T> {
  readonly path: string;
  readonly query?: Call['query'];
  /** As a message calls its entries. */
  readonly plural: string;
  /** Where a reader that comes back goes on. */
  readonly idOf: (entry: T) => string | undefined;
  /** Asked whenever a connection ends by itself: nothing will follow the last entry. */
  readonly isOver: (last: T | undefined) => boolean;
}

/**
 * The entries of a stream. A connection that breaks is made again after the last entry that arrived, so none is lost
 * and none comes twice; five connections in a row without any entry are an error. The fleet may say `end`.
 *
 * Errors: FleetClientError
 */
export async function* followStream<T>(
  transport: Transport,
  { path, query, plural, idOf, isOver }: ResumableStream<T>,
  { after, signal }: FollowOptions,
): AsyncGenerator<T> {
  let last: T | undefined;
  let lastId = after;
  for (let silent = 0; silent < MAX_SILENT_RECONNECTS; silent++) {
    const response = await transport({
      method: 'GET',
      path,
      ...(query !== undefined && { query }),
      accept: 'text/event-stream',
      signal,
      ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }),
    });
    if (response.status === 204 || response.body === null) return;
    try {
      for await (const frame of readEventStream(response.body)) {
        if (frame.event === 'end') return;
        last = JSON.parse(frame.data) as T; // the fleet sends what its contract says
        lastId = idOf(last) ?? lastId;
        silent = -1;
        yield last;
      }
      if (isOver(last)) return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError) {
        const message = `what should be one of the ${plural} is not JSON`;
        throw new FleetClientError(200, 'UNEXPECTED_ANSWER', message, undefined, error);
      }
    }
    await wait(RECONNECT_AFTER_MS, signal);
  }
  throw new FleetClientError(0, 'NO_ANSWER', `the ${plural} break off again and again`);
}
