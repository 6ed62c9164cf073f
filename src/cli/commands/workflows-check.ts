import type { Command } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register, Runner } from '../program.ts';
import { printable } from '../render/text.ts';

interface CheckOptions {
  readonly repair?: boolean;
}

const GROUP = 'workflows';

export const registerWorkflowCheck: Register = (program, run) => {
  const known = program.commands.find((command) => command.name() === GROUP);
  addCheck(known ?? program.command(GROUP).description('runs of workflows'), run);
};

function addCheck(group: Command, run: Runner): void {
  group
    .command('check')
    .description('look for runs that no longer fit their jobs; ends with 1 when something is left to repair')
    .argument('[run_id]', 'only this run')
    .option('--repair', 'repair what is found')
    .action(run<[string | undefined], CheckOptions>(check));
}

async function check(
  context: CommandContext,
  [runId]: [string | undefined],
  { repair = false }: CheckOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const request = { repair, ...(runId === undefined ? {} : { run_id: runId }) };
  const report = await fleet.operations.checkRuns(request, LOCAL_OPERATOR);
  const { checked, complete, findings, repaired, errors } = report;
  context.out.result(report, () => [
    `${checked} runs checked${complete ? '' : ' (there are more)'}, ${findings.length} findings, ${repaired} repaired`,
    ...findings.map(({ run_id, kind, detail }) => printable(`${run_id}  ${kind}: ${detail}`)),
    ...errors.map(({ run_id, message }) => printable(`${run_id}  not checked: ${message}`)),
  ]);
  return findings.length === repaired && errors.length === 0 ? EXIT.ok : EXIT.failure;
}
