import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { OrchestrationResponse } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import { followRun } from '../follow.ts';
import type { Output } from '../output.ts';
import type { CliOperations } from '../ports.ts';
import { streamText, type StreamedText } from './streamed-text.ts';
import { TurnPath } from './turn-path.ts';

/** After so long without any step begun, the player is told where to look. */
const PATIENCE_MS = 10_000;
const CANCEL_WITHIN_MS = 5_000;

export interface PlayedTurn {
  readonly response: OrchestrationResponse;
  readonly path: TurnPath;
}

/**
 * Plays one turn and writes its story as it comes: in pieces where the narrator gives them, else at the end.
 * A turn that is interrupted by `signal` is cancelled, and then changes nothing.
 *
 * Errors: those of `submitTurn`; turn_failed (internal), turn_unfinished (timeout); the signal's reason
 */
export async function playTurn(
  operations: CliOperations,
  turn: { readonly sessionId: string; readonly text: string },
  { out, signal, isTold }: { out: Output; signal: AbortSignal; isTold: boolean },
): Promise<PlayedTurn> {
  const path = new TurnPath();
  const text = streamText((piece) => (isTold ? out.write(piece) : undefined), out.textWidth);
  const submitted = await operations.submitTurn(
    turn.sessionId,
    { text: turn.text, wait_ms: 0, create_session: true },
    LOCAL_OPERATOR,
    { signal },
  );
  if (submitted.done) {
    const { response } = submitted;
    // Care is told by whoever shows it: places to turn to come first.
    if (response.crisis_response === undefined) text.tell(response.response_text, { isWhole: true });
    return { response, path };
  }
  const runId = submitted.accepted.run_id;
  const over = new AbortController();
  // The pieces are a courtesy: the answer has all of the text.
  const pieces = readPieces(operations, runId, AbortSignal.any([signal, over.signal]), text).catch(
    () => undefined,
  );
  try {
    await followPath(operations, runId, { path, text, out, signal });
    const run = await operations.getRun(runId, LOCAL_OPERATOR);
    over.abort();
    await pieces;
    // A turn that failed for good may still have a kind word.
    const answer = OrchestrationResponse.safeParse(run.output);
    if (run.status !== 'completed' && !answer.success) throw turnFailed(runId, run.status, run.error?.code);
    const response = answer.success ? answer.data : OrchestrationResponse.parse(run.output);
    text.tell(response.response_text, { isWhole: true });
    return { response, path };
  } catch (error) {
    if (text.hasBegun && isTold) out.write('\n');
    if (signal.aborted) await cancel(operations, runId);
    throw error;
  } finally {
    over.abort();
    await pieces;
    out.clearStatus();
  }
}

async function followPath(
  operations: CliOperations,
  runId: string,
  { path, text, out, signal }: { path: TurnPath; text: StreamedText; out: Output; signal: AbortSignal },
): Promise<void> {
  const patience = setTimeout(() => {
    out.note(`no agent has begun with this turn yet: ao why ${runId}`);
  }, PATIENCE_MS);
  try {
    const onReconnect = (error: FleetError): void => out.note(`${error.message}; trying again`);
    for await (const event of followRun(operations, runId, { signal, onReconnect })) {
      if (event.step !== undefined) clearTimeout(patience);
      path.add(event);
      if (!text.hasBegun) out.status(path.line(out.paint));
    }
  } finally {
    clearTimeout(patience);
  }
}

async function readPieces(
  operations: CliOperations,
  runId: string,
  signal: AbortSignal,
  text: StreamedText,
): Promise<void> {
  let step: string | undefined;
  let known = '';
  for await (const piece of await operations.runTokens(runId, { signal }, LOCAL_OPERATOR)) {
    if (signal.aborted) return;
    if (piece.reset === true || piece.step !== step) known = '';
    step = piece.step;
    known += piece.text;
    text.tell(known, { isWhole: false });
  }
}

/** As good as it goes: a turn that has ended meanwhile cannot be cancelled any more. */
async function cancel(operations: CliOperations, runId: string): Promise<void> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, CANCEL_WITHIN_MS).unref());
  const cancelled = operations
    .cancelRun(runId, { reason: 'interrupted by the player' }, LOCAL_OPERATOR)
    .then(() => undefined)
    .catch(() => undefined);
  await Promise.race([cancelled, late]);
}

function turnFailed(runId: string, status: string, code: string | undefined): FleetError {
  const details = { run_id: runId };
  const message = `the story could not go on: run ${runId} is ${status}${code === undefined ? '' : ` (${code})`}`;
  return status === 'timed_out'
    ? new FleetError({ code: 'turn_unfinished', kind: 'timeout', message, details })
    : new FleetError({ code: 'turn_failed', kind: 'internal', message, details });
}
