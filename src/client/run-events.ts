import type { RunEvent } from '../contracts/run.ts';
import { FleetClientError } from './error.ts';
import { readEventStream } from './event-stream.ts';
import { wait, type Transport } from './transport.ts';

const RECONNECT_AFTER_MS = 500;
const MAX_SILENT_RECONNECTS = 5;
const TERMINAL: ReadonlySet<string> = new Set([
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
]);

export interface RunEventsOptions {
  /** Continue after this event id. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/**
 * The events of a run from its start to its end. A connection that breaks is made again after the last event
 * that arrived, so none is lost and none comes twice; five connections in a row without any event are an error.
 *
 * Errors: FleetClientError
 */
export async function* followRun(
  transport: Transport,
  runId: string,
  options: RunEventsOptions = {},
): AsyncGenerator<RunEvent> {
  const { signal } = options;
  let lastId = options.after;
  let lastType: string | undefined;
  for (let silent = 0; silent < MAX_SILENT_RECONNECTS; silent++) {
    const response = await transport({
      method: 'GET',
      path: `/v1/runs/${encodeURIComponent(runId)}/events`,
      accept: 'text/event-stream',
      signal,
      ...(lastId !== undefined && { headers: { 'last-event-id': lastId } }),
    });
    if (response.status === 204 || response.body === null) return;
    try {
      for await (const frame of readEventStream(response.body)) {
        const event = JSON.parse(frame.data) as RunEvent; // the fleet sends what its contract says
        silent = -1;
        lastId = event.id;
        lastType = event.type;
        yield event;
      }
      // A resumed run has terminal events in its middle; the fleet closes the stream after the last one.
      if (lastType !== undefined && TERMINAL.has(lastType)) return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError) {
        throw new FleetClientError(200, 'UNEXPECTED_ANSWER', 'an event is not JSON', undefined, error);
      }
    }
    await wait(RECONNECT_AFTER_MS, signal);
  }
  throw new FleetClientError(0, 'NO_ANSWER', `the events of ${runId} break off again and again`);
}
