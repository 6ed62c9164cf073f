import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { MAX_WAIT_MS, OrchestrationResponse, type AcceptedRun } from '../../contracts/turn.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOfRun } from '../exit-codes.ts';
import { awaitRun } from '../follow.ts';
import { seconds } from '../input-values.ts';
import type { Output } from '../output.ts';
import type { CliOperations } from '../ports.ts';
import type { Register } from '../program.ts';
import { wrap } from '../render/text.ts';

const DEFAULT_WAIT_S = 120;

interface TurnOptions {
  readonly create?: boolean;
  readonly wait: number;
}

export const registerTurn: Register = (program, run) => {
  program
    .command('turn')
    .description('play one turn of a session and print the story')
    .argument('<session>')
    .argument('<text>', 'what the player says')
    .option('--create', 'create the session if there is none')
    .option('--wait <seconds>', 'how long to wait for the story', seconds, DEFAULT_WAIT_S)
    .action(run<[string, string], TurnOptions>(turn));
};

async function turn(
  context: CommandContext,
  [session, text]: [string, string],
  options: TurnOptions,
): Promise<number> {
  const { out, signal } = context;
  await using fleet = await context.fleet();
  const submitted = await fleet.operations.submitTurn(
    session,
    {
      text,
      wait_ms: Math.min(options.wait * 1000, MAX_WAIT_MS),
      ...(options.create === true && { create_session: true }),
    },
    LOCAL_OPERATOR,
    { signal },
  );
  if (submitted.done) return tell(out, submitted.response);
  return await finishLate(context, fleet.operations, session, submitted.accepted, options.wait * 1000);
}

function tell(out: Output, response: OrchestrationResponse): number {
  out.result(response, () => wrap(response.response_text, out.textWidth));
  const { degraded, degraded_reasons: reasons, status } = response.workflow_metadata;
  if (degraded) out.note(`degraded: ${reasons.join(', ')}`);
  return exitCodeOfRun(status);
}

/** The turn outlived the wait of one request: follow the run, then take the story from the session's history. */
async function finishLate(
  context: CommandContext,
  operations: CliOperations,
  session: string,
  accepted: AcceptedRun,
  waitMs: number,
): Promise<number> {
  const { out, signal } = context;
  if (accepted.queued_behind > 0) out.note(`${accepted.queued_behind} earlier turns go first`);
  const timeoutMs = Math.max(1000, waitMs - MAX_WAIT_MS);
  const run = await awaitRun(operations, accepted.run_id, { timeoutMs, signal });
  if (run.status !== 'completed') {
    const lastWord = OrchestrationResponse.safeParse(run.output);
    if (lastWord.success) return tell(out, lastWord.data);
    out.result(run, []);
    out.warn(`${run.status}: ${run.error?.code ?? 'no error recorded'}: ${run.error?.message ?? ''}`);
    return exitCodeOfRun(run.status);
  }
  const { items } = await operations.listTurns(session, { limit: 20 }, LOCAL_OPERATOR);
  const record = items.find((item) => item.run_id === accepted.run_id);
  if (record === undefined) {
    throw new FleetError({
      code: 'turn_not_recorded',
      kind: 'internal',
      message: `run ${accepted.run_id} completed, but session "${session}" has no turn of it`,
    });
  }
  out.result(record, () => wrap(record.response_text, out.textWidth));
  return exitCodeOfRun(run.status);
}
