import { LOCAL_OPERATOR } from '../contracts/caller.ts';
import { isOpen, type RunEvent, type RunView } from '../contracts/run.ts';
import { sleep } from '../kernel/abort.ts';
import { FleetError, isFleetError } from '../kernel/errors.ts';
import type { CliOperations } from './ports.ts';

const RECONNECT_DELAY_MS = 1000;
const RECONNECT_LIMIT = 30;
const REOPEN_DELAY_MS = 100;

export interface FollowOptions {
  /** Id of the last event seen. */
  readonly after?: string;
  readonly signal: AbortSignal;
  /** Told when the stream was lost and is about to be opened again. */
  onReconnect?(error: FleetError): void;
  /** For tests. */
  readonly reconnectDelayMs?: number;
}

/**
 * A run's events up to its terminal one. A lost stream is opened again after the last event seen, so nothing is
 * missed and nothing comes twice.
 *
 * Errors: run_not_found; unavailable after 30 attempts in a row to come back
 */
export async function* followRun(
  operations: CliOperations,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<RunEvent> {
  const { signal } = options;
  let after = options.after;
  let failures = 0;
  for (;;) {
    try {
      const stream = operations.runEvents(
        runId,
        { ...(after !== undefined && { after }), signal },
        LOCAL_OPERATOR,
      );
      for await (const event of stream) {
        failures = 0;
        after = event.id;
        yield event;
      }
      signal.throwIfAborted();
      // A resumed run has terminal events in its middle, so only its status tells that it has ended.
      // The stream may end early on a shutdown of its server; a run that has ended adds nothing any more.
      if (!isOpen((await operations.getRun(runId, LOCAL_OPERATOR)).status)) return;
      await sleep(REOPEN_DELAY_MS, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isFleetError(error) || error.kind !== 'unavailable' || ++failures > RECONNECT_LIMIT) throw error;
      options.onReconnect?.(error);
      await sleep(options.reconnectDelayMs ?? RECONNECT_DELAY_MS, signal);
    }
  }
}

/**
 * The run once it has ended.
 *
 * Errors: wait_timeout (timeout) when `timeoutMs` passes first; the run itself goes on
 */
export async function awaitRun(
  operations: CliOperations,
  runId: string,
  options: { timeoutMs: number; signal: AbortSignal; onEvent?: (event: RunEvent) => void },
): Promise<RunView> {
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, limit]);
  try {
    for await (const event of followRun(operations, runId, { signal })) options.onEvent?.(event);
  } catch (error) {
    if (!limit.aborted || options.signal.aborted) throw error;
    throw new FleetError({
      code: 'wait_timeout',
      kind: 'timeout',
      message: `run ${runId} has not ended after ${options.timeoutMs / 1000} s; it goes on: ao watch ${runId}`,
      details: { run_id: runId },
      cause: error,
    });
  }
  return operations.getRun(runId, LOCAL_OPERATOR);
}
