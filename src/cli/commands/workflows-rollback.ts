import type { Command } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register, Runner } from '../program.ts';
import { printable } from '../render/text.ts';

interface RollbackOptions {
  readonly savepoint: string;
  readonly cancel?: boolean;
  readonly reason?: string;
}

const GROUP = 'workflows';

export const registerWorkflowRollback: Register = (program, run) => {
  const known = program.commands.find((command) => command.name() === GROUP);
  addRollback(known ?? program.command(GROUP).description('runs of workflows'), run);
};

export function addRollback(group: Command, run: Runner): void {
  group
    .command('rollback')
    .description('undo what a run did after a savepoint')
    .argument('<run_id>')
    .option('--savepoint <name>', 'keep everything up to here', 'start')
    .option('--cancel', 'cancel the run first when it is still open')
    .option('--reason <why>', 'kept in the history of the run')
    .action(run<[string], RollbackOptions>(rollback));
}

async function rollback(
  context: CommandContext,
  [runId]: [string],
  { savepoint, cancel = false, reason }: RollbackOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const request = { savepoint, cancel, ...(reason === undefined ? {} : { reason }) };
  const result = await fleet.operations.rollbackRun(runId, request, LOCAL_OPERATOR);
  context.out.result(result, () => [
    `${result.executed} undone, ${result.skipped} skipped, back at ${printable(result.savepoint)}`,
    ...result.errors.map(({ code, kind, step, message }) =>
      printable(`${code}: ${kind}${step === '' ? '' : ` of ${step}`}: ${message}`),
    ),
  ]);
  return result.ok ? EXIT.ok : EXIT.failure;
}
