import { FleetClientError } from './error.ts';
import { readEventStream } from './event-stream.ts';
import { wait, type Transport } from './transport.ts';

const RECONNECT_AFTER_MS = 500;
const MAX_SILENT_RECONNECTS = 5;

export interface FollowOptions {
  /** Continue after this id. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/** A stream of a run that can be taken up again after any of its entries. */
export interface RunStream<T> {
  readonly runId: string;
  readonly part: 'events' | 'tokens';
  /** As a message calls its entries. */
  readonly plural: string;
  /** Asked whenever a connection ends by itself: nothing will follow the last entry. */
  readonly isOver: (last: T | undefined) => boolean;
}

/**
 * The entries of a stream. A connection that breaks is made again after the last entry that arrived, so none is lost
 * and none comes twice; five connections in a row without any entry are an error. The fleet may say `end`.
 *
 * Errors: FleetClientError
 */
export async function* followStream<T extends { readonly id: string }>(
  transport: Transport,
  { runId, part, plural, isOver }: RunStream<T>,
  { after, signal }: FollowOptions,
): AsyncGenerator<T> {
  let last: T | undefined;
  for (let silent = 0; silent < MAX_SILENT_RECONNECTS; silent++) {
    const lastId = last?.id ?? after;
    const response = await transport({
      method: 'GET',
      path: `/v1/runs/${encodeURIComponent(runId)}/${part}`,
      accept: 'text/event-stream',
      signal,
      ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }),
    });
    if (response.status === 204 || response.body === null) return;
    try {
      for await (const frame of readEventStream(response.body)) {
        if (frame.event === 'end') return;
        last = JSON.parse(frame.data) as T; // the fleet sends what its contract says
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
  throw new FleetClientError(0, 'NO_ANSWER', `the ${plural} of ${runId} break off again and again`);
}
