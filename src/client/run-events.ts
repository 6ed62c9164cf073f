import type { RunEvent } from '../contracts/run.ts';
import { followStream, type FollowOptions } from './follow-stream.ts';
import type { Transport } from './transport.ts';

const TERMINAL: ReadonlySet<string> = new Set([
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
]);

/**
 * The events of a run from its start to its end.
 *
 * Errors: FleetClientError
 */
export function followRun(
  transport: Transport,
  runId: string,
  options: FollowOptions = {},
): AsyncGenerator<RunEvent> {
  // A resumed run has terminal events in its middle; the fleet closes the stream after the last one.
  const isOver = (last: RunEvent | undefined): boolean => last !== undefined && TERMINAL.has(last.type);
  const stream = {
    path: `/v1/runs/${encodeURIComponent(runId)}/events`,
    plural: `events of ${runId}`,
    idOf: ({ id }: RunEvent) => id,
    isOver,
  };
  return followStream<RunEvent>(transport, stream, options);
}
