import type { RunToken } from '../contracts/token.ts';
import { FleetClientError } from './error.ts';
import { readEventStream } from './event-stream.ts';
import type { RunEventsOptions } from './run-events.ts';
import { wait, type Transport } from './transport.ts';

const RECONNECT_AFTER_MS = 500;
const MAX_SILENT_RECONNECTS = 5;

/**
 * The texts that the steps of a run write, piece by piece, until the run ends. A connection that breaks is made again
 * after the last piece that arrived.
 *
 * Errors: FleetClientError
 */
export async function* followTokens(
  transport: Transport,
  runId: string,
  { after, signal }: RunEventsOptions = {},
): AsyncGenerator<RunToken> {
  let lastId = after;
  for (let silent = 0; silent < MAX_SILENT_RECONNECTS; silent++) {
    const response = await transport({
      method: 'GET',
      path: `/v1/runs/${encodeURIComponent(runId)}/tokens`,
      accept: 'text/event-stream',
      signal,
      ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }),
    });
    if (response.status === 204 || response.body === null) return;
    try {
      for await (const frame of readEventStream(response.body)) {
        if (frame.event === 'end') return;
        const token = JSON.parse(frame.data) as RunToken; // the fleet sends what its contract says
        silent = -1;
        lastId = token.id;
        yield token;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError) {
        throw new FleetClientError(200, 'UNEXPECTED_ANSWER', 'a piece is not JSON', undefined, error);
      }
    }
    await wait(RECONNECT_AFTER_MS, signal);
  }
  throw new FleetClientError(0, 'NO_ANSWER', `the texts of ${runId} break off again and again`);
}
