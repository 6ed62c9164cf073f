import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { RunEvent, RunView } from '../../contracts/run.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOfRun } from '../exit-codes.ts';
import { followRun } from '../follow.ts';
import type { Register } from '../program.ts';
import { eventLine } from '../render/events.ts';
import { progressBar } from '../render/quantities.ts';

interface WatchOptions {
  readonly since?: string;
  readonly tokens?: boolean;
}

export const registerWatch: Register = (program, run) => {
  program
    .command('watch')
    .description('follow a run to its end; the exit code tells how it ended')
    .argument('<run_id>')
    .option('--since <event_id>', 'only events after this one')
    .option('--tokens', 'the texts that its steps write, piece by piece, instead of its events')
    .action(run<[string], WatchOptions>(watch));
};

async function watch(context: CommandContext, [runId]: [string], options: WatchOptions): Promise<number> {
  const { since } = options;
  const { out, signal } = context;
  await using fleet = await context.fleet();
  // Asked first, so that an unknown run is an error before anything is printed.
  let run: RunView = await fleet.operations.getRun(runId, LOCAL_OPERATOR);
  if (options.tokens === true) {
    const from = { signal, ...(since !== undefined && { after: since }) };
    for await (const token of await fleet.operations.runTokens(runId, from, LOCAL_OPERATOR)) {
      if (token.reset === true) out.note(`${token.step} begins its text anew`);
      out.item(token, token.text);
    }
    run = await fleet.operations.getRun(runId, LOCAL_OPERATOR);
    return exitCodeOfRun(run.status);
  }
  const startedAt = Date.parse(run.created_at);
  const events = followRun(fleet.operations, runId, {
    signal,
    ...(since !== undefined && { after: since }),
    onReconnect: (error) => out.note(`${error.message}; trying again`),
  });
  for await (const event of events) {
    out.item(event, eventLine(event, startedAt, out.paint));
    if (out.isInteractive) {
      run = await fleet.operations.getRun(runId, LOCAL_OPERATOR);
      out.status(`${progressBar(run.progress)}  ${currentStep(run, event)}`);
    }
  }
  run = await fleet.operations.getRun(runId, LOCAL_OPERATOR);
  out.clearStatus();
  if (run.error !== null) out.note(`${run.error.code}: ${run.error.message}`);
  return exitCodeOfRun(run.status);
}

function currentStep(run: RunView, event: RunEvent): string {
  const busy = run.steps.find((step) => step.status === 'running' || step.status === 'retrying');
  return busy?.name ?? event.step ?? run.status;
}
