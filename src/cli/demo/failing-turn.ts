import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { DeadLetter } from '../../contracts/operator.ts';
import type { AgentName } from '../../contracts/agent-type.ts';
import type { RunEvent, RunView } from '../../contracts/run.ts';
import type { TurnRecord } from '../../contracts/session.ts';
import { FleetError } from '../../kernel/errors.ts';
import { followRun } from '../follow.ts';
import type { Output } from '../output.ts';
import type { CliOperations, DevFleet, Fault } from '../ports.ts';
import { deadLetterTable } from '../render/dead-letters.ts';
import { eventLine } from '../render/events.ts';
import { printable } from '../render/text.ts';
import { tellTurn } from './play.ts';

// A turn that fails and is brought back:
// 1. The agent throws on every attempt; its step is retried with growing delays.
// 2. The attempts are used up: the run fails, and the step stays behind as a dead letter.
// 3. The fault is removed and the dead letter replayed: the same run goes on where it stopped.

/** What `ao demo --fail` lets an agent throw, until it is cleared. */
export const DEMO_FAULT: Fault = {
  code: 'demo_fault',
  message: 'the agent fails on purpose (ao demo --fail)',
  times: 'until_cleared',
};

export interface FailedAndFinished {
  readonly runId: string;
  readonly retries: readonly RunEvent[];
  readonly deadLetter: DeadLetter;
  readonly record: TurnRecord;
}

/**
 * Plays one turn through the three stages above and shows each as it happens.
 *
 * Errors: demo_unexpected (internal) when the fleet did not fail, or did not recover, as it should
 */
export async function playFailingTurn(
  fleet: DevFleet,
  turn: { sessionId: string; line: string; agent: AgentName },
  context: { out: Output; signal: AbortSignal },
): Promise<FailedAndFinished> {
  const { operations } = fleet;
  const { out, signal } = context;
  out.print(
    `${out.paint.bold(`> ${printable(turn.line)}`)}  ${out.paint.dim(`(${turn.agent} fails on purpose)`)}`,
  );
  const submitted = await operations.submitTurn(
    turn.sessionId,
    { text: turn.line, wait_ms: 0 },
    LOCAL_OPERATOR,
    {
      signal,
    },
  );
  const runId = submitted.done ? submitted.response.workflow_metadata.run_id : submitted.accepted.run_id;
  if (runId === null) throw unexpected('the line was answered without a run');

  const before = await show(operations, runId, [], context);
  expectStatus(await operations.getRun(runId, LOCAL_OPERATOR), 'failed');
  const deadLetter = await deadLetterOf(operations, runId);
  out.print(
    '',
    'The attempts are used up. The step waits as a dead letter:',
    ...deadLetterTable([deadLetter], out),
  );

  fleet.clearFault(turn.agent);
  out.print(
    '',
    `The fault is gone. ${out.paint.bold(`ao dlq replay ${deadLetter.dlq_id}`)} resumes the same run:`,
  );
  await operations.replayDeadLetter(deadLetter.dlq_id, LOCAL_OPERATOR);
  await show(operations, runId, before, context);
  expectStatus(await operations.getRun(runId, LOCAL_OPERATOR), 'completed');

  const { items } = await operations.listTurns(turn.sessionId, { limit: 1 }, LOCAL_OPERATOR);
  const record = items.find((item) => item.run_id === runId);
  if (record === undefined) throw unexpected(`run ${runId} completed, but the session has no turn of it`);
  out.print('');
  tellTurn(out, record.turn, record.text, record.response_text, `${record.intent}, after the replay`);
  return { runId, retries: before.filter(({ type }) => type === 'step.retrying'), deadLetter, record };
}

/** Prints the run's events as they come, from the one after `before` up to the terminal one. */
async function show(
  operations: CliOperations,
  runId: string,
  before: readonly RunEvent[],
  { out, signal }: { out: Output; signal: AbortSignal },
): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  const after = before.at(-1)?.id;
  let startedAt = before.length === 0 ? undefined : Date.parse(before[0]!.at);
  for await (const event of followRun(operations, runId, { signal, ...(after !== undefined && { after }) })) {
    startedAt ??= Date.parse(event.at);
    seen.push(event);
    out.print(`   ${eventLine(event, startedAt, out.paint)}`);
  }
  return seen;
}

async function deadLetterOf(operations: CliOperations, runId: string): Promise<DeadLetter> {
  const entries = await operations.listDeadLetters({ limit: 100 });
  // The run's own job fails with it; the step is what has to be replayed.
  const own = entries.filter((entry) => entry.workflow_id === runId);
  const step = own.find((entry) => entry.queue !== 'flow');
  if (step === undefined) throw unexpected(`run ${runId} failed without leaving a dead letter`);
  return step;
}

function expectStatus(run: RunView, status: RunView['status']): void {
  if (run.status === status) return;
  const because = run.error === null ? '' : ` (${run.error.code}: ${run.error.message})`;
  throw unexpected(`run ${run.run_id} should be ${status} now, but is ${run.status}${because}`);
}

function unexpected(message: string): FleetError {
  return new FleetError({ code: 'demo_unexpected', kind: 'internal', message });
}
