import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { isOpen, type RunEvent, type RunView } from '../../contracts/run.ts';
import { MAX_WAIT_MS, type OrchestrationResponse } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import { followRun } from '../follow.ts';
import type { Output } from '../output.ts';
import type { CliOperations } from '../ports.ts';
import { millisText } from '../render/quantities.ts';
import { renderTable } from '../render/table.ts';
import { printable, wrap } from '../render/text.ts';

/** Plays one turn and tells it. Errors: those of `submitTurn`; turn_unfinished (timeout), turn_failed (internal) */
export async function playTurn(
  operations: CliOperations,
  sessionId: string,
  line: string,
  number: number,
  context: { out: Output; signal: AbortSignal },
): Promise<OrchestrationResponse> {
  const { out, signal } = context;
  const submitted = await operations.submitTurn(
    sessionId,
    { text: line, wait_ms: MAX_WAIT_MS },
    LOCAL_OPERATOR,
    { signal },
  );
  if (!submitted.done) throw await turnFailure(operations, line, submitted.accepted.run_id);
  const { response } = submitted;
  const { status, run_id: runId } = response.workflow_metadata;
  if (runId === null) throw unexpectedAnswer(line);
  if (status !== 'completed') throw await turnFailure(operations, line, runId);
  const { intent, workflow_name: workflow } = response.workflow_metadata;
  const told = `${intent ?? 'no intent'}, ${workflow}, ${millisText(response.performance_metrics.total_ms)}`;
  tellTurn(out, number, line, response.response_text, told);
  return response;
}

/** A line of the demonstration is no crisis. */
function unexpectedAnswer(line: string): FleetError {
  return new FleetError({
    code: 'demo_unexpected',
    kind: 'internal',
    message: `the line "${line}" was answered without a run`,
  });
}

/** Why a turn brought no story: its run has ended without one, or has not ended in time. */
async function turnFailure(operations: CliOperations, line: string, runId: string): Promise<FleetError> {
  const run = await operations.getRun(runId, LOCAL_OPERATOR);
  if (isOpen(run.status)) {
    return new FleetError({
      code: 'turn_unfinished',
      kind: 'timeout',
      message: `the turn "${line}" (run ${runId}) has not ended within ${MAX_WAIT_MS / 1000} s`,
    });
  }
  const because = run.error === null ? 'no error recorded' : `${run.error.code}: ${run.error.message}`;
  return new FleetError({
    code: 'turn_failed',
    kind: 'internal',
    message: `the turn "${line}" (run ${runId}) ended as ${run.status}: ${because}`,
  });
}

/** The player's line and the story, as a person reads them. */
export function tellTurn(out: Output, number: number, line: string, story: string, remark: string): void {
  const { paint } = out;
  out.print(
    `${paint.dim(`${number}.`)} ${paint.bold(`> ${printable(line)}`)}  ${paint.dim(`(${printable(remark)})`)}`,
    ...wrap(story, out.textWidth, '   '),
    '',
  );
}

/** All events of a run that has ended; a resumed run has more than one terminal event. */
async function eventsOf(operations: CliOperations, run: RunView, signal: AbortSignal): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  let count = -1;
  while (events.at(-1)?.type !== `run.${run.status}` && events.length > count) {
    count = events.length;
    const after = events.at(-1)?.id;
    const more = followRun(operations, run.run_id, { signal, ...(after !== undefined && { after }) });
    for await (const event of more) events.push(event);
  }
  return events;
}

/** One row per step of a run: which queue it passed through, and what that took. */
export async function pathTable(
  operations: CliOperations,
  runId: string,
  context: { out: Output; signal: AbortSignal },
): Promise<string[]> {
  const run = await operations.getRun(runId, LOCAL_OPERATOR);
  const queues = await operations.listQueues();
  const events = await eventsOf(operations, run, context.signal);
  const begin = Date.parse(events[0]?.at ?? run.created_at);
  const queueOf = (agent: string) =>
    queues.find((queue) => queue.name === agent || queue.agent_type === agent)?.name ?? agent;
  const startOf = (step: string) => {
    const started = events.findLast((event) => event.type === 'step.started' && event.step === step);
    return started && `+${Math.max(0, Date.parse(started.at) - begin)}`;
  };
  const wholeMs = (ms: number | null) => (ms === null ? null : Math.round(ms));
  return renderTable(
    [
      { header: 'step', isFlexible: true },
      { header: 'queue' },
      { header: 'started ms', align: 'right' },
      { header: 'wait ms', align: 'right' },
      { header: 'work ms', align: 'right' },
      { header: 'attempts', align: 'right' },
      { header: 'source' },
      { header: 'status' },
    ],
    run.steps.map((step) => [
      step.name,
      queueOf(step.agent),
      startOf(step.name) ?? null,
      wholeMs(step.queued_ms),
      wholeMs(step.duration_ms),
      step.attempts,
      step.source ?? null,
      step.error_code ?? step.status,
    ]),
    { width: context.out.width, style: (line, row) => (row < 0 ? context.out.paint.bold(line) : line) },
  );
}
