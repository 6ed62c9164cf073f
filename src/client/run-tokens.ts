import type { RunToken } from '../contracts/token.ts';
import { followStream, type FollowOptions } from './follow-stream.ts';
import type { Transport } from './transport.ts';

/**
 * The texts that the steps of a run write, piece by piece, until the run ends.
 *
 * Errors: FleetClientError
 */
export function followTokens(
  transport: Transport,
  runId: string,
  options: FollowOptions = {},
): AsyncGenerator<RunToken> {
  const stream = {
    path: `/v1/runs/${encodeURIComponent(runId)}/tokens`,
    plural: `texts of ${runId}`,
    idOf: ({ id }: RunToken) => id,
    isOver: () => false,
  };
  return followStream<RunToken>(transport, stream, options);
}
