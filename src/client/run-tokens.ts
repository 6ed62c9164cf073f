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
  const stream = { runId, part: 'tokens', plural: 'texts', isOver: () => false } as const;
  return followStream<RunToken>(transport, stream, options);
}
