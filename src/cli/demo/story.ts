import type { AgentName } from '../../contracts/agent-type.ts';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { QueueView } from '../../contracts/operator.ts';
import type { OrchestrationResponse } from '../../contracts/turn.ts';
import { systemClock, type Clock } from '../../kernel/clock.ts';
import type { Output } from '../output.ts';
import type { DevFleet } from '../ports.ts';
import { queueTable } from '../render/queues.ts';
import { millisText } from '../render/quantities.ts';
import { playFailingTurn, type FailedAndFinished } from './failing-turn.ts';
import { pathTable, playTurn } from './play.ts';
import { playerLine } from './script.ts';

/** What a demo did, for --json. */
export interface ToldStory {
  readonly session_id: string;
  readonly turns: readonly {
    readonly text: string;
    readonly run_id: string;
    readonly response_text: string;
  }[];
  readonly failure: { readonly retries: number; readonly dlq_id: string; readonly run_id: string } | null;
  readonly queues: readonly QueueView[];
  readonly duration_ms: number;
  readonly urls: { readonly api: string; readonly board: string; readonly metrics: string };
}

/**
 * Plays a session turn by turn and prints the story, the way of one turn through the queues, the queues, and
 * where all of that could be seen. Everything comes from the fleet's operations.
 */
export async function tellStory(
  fleet: DevFleet,
  options: { turns: number; fail?: AgentName },
  context: { out: Output; signal: AbortSignal; clock?: Clock },
): Promise<ToldStory> {
  const { out, signal, clock = systemClock } = context;
  const { operations } = fleet;
  const { paint } = out;
  const startedAt = clock.now();
  const { session } = await operations.createSession({ user_id: 'demo-player' }, LOCAL_OPERATOR);
  out.print(paint.dim(`session ${session.session_id} in world ${session.world_id}`), '');

  const turns: ToldStory['turns'][number][] = [];
  let failure: FailedAndFinished | null = null;
  if (options.fail !== undefined) {
    const turn = { sessionId: session.session_id, line: playerLine(0, []), agent: options.fail };
    failure = await playFailingTurn(fleet, turn, context);
    const { record } = failure;
    turns.push({ text: record.text, run_id: record.run_id, response_text: record.response_text });
  }
  let last: OrchestrationResponse | undefined;
  while (turns.length < options.turns) {
    signal.throwIfAborted();
    const line = playerLine(turns.length, last?.next_actions ?? []);
    last = await playTurn(operations, session.session_id, line, turns.length + 1, context);
    turns.push({
      text: line,
      run_id: last.workflow_metadata.run_id ?? '',
      response_text: last.response_text,
    });
  }

  const shown = turns[0]!;
  out.print(
    paint.bold(`The way of turn 1 ("${shown.text}") through the queues, run ${shown.run_id}`),
    ...(await pathTable(operations, shown.run_id, context)),
    '',
  );
  const queues = await operations.listQueues();
  out.print(paint.bold('Queues'), ...queueTable(queues, out), '');
  const durationMs = clock.now() - startedAt;
  out.print(
    `${turns.length === 1 ? 'one turn' : `${turns.length} turns`} in ${millisText(durationMs)}. This fleet was served at`,
    `  API         ${paint.cyan(fleet.url)}`,
    `  Bull Board  ${paint.cyan(fleet.boardUrl)}`,
    `  metrics     ${paint.cyan(fleet.metricsUrl)}`,
    'and ends now; "ao dev" starts one that stays.',
  );
  return {
    session_id: session.session_id,
    turns,
    failure: failure && {
      retries: failure.retries.length,
      dlq_id: failure.deadLetter.dlq_id,
      run_id: failure.runId,
    },
    queues,
    duration_ms: durationMs,
    urls: { api: fleet.url, board: fleet.boardUrl, metrics: fleet.metricsUrl },
  };
}
