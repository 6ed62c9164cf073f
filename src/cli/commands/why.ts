import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { explanationLines } from '../render/why.ts';

export const registerWhy: Register = (program, run) => {
  program
    .command('why')
    .description('why a run is where it is, and what changes that')
    .argument('<run_id>')
    .action(run<[string], object>(why));
};

async function why(context: CommandContext, [runId]: [string]): Promise<number> {
  const { out } = context;
  await using fleet = await context.fleet();
  const explanation = await fleet.operations.whyRun(runId, LOCAL_OPERATOR);
  out.result(explanation, () => explanationLines(explanation, out, Date.now()));
  return EXIT.ok;
}
