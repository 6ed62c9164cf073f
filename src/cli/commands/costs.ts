import { Option } from 'commander';
import { COST_GROUPS, type CostGroup } from '../../contracts/costs.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { costTable } from '../render/costs.ts';

interface CostsOptions {
  readonly from?: string;
  readonly to?: string;
  readonly groupBy: CostGroup;
}

export const registerCosts: Register = (program, run) => {
  program
    .command('costs')
    .description('what calls of models cost, the last 30 days unless said otherwise')
    .option('--from <day>', 'first UTC day, such as 2026-08-15')
    .option('--to <day>', 'last UTC day')
    .addOption(new Option('--group-by <what>', 'one line for each').choices(COST_GROUPS).default('day'))
    .action(run<[], CostsOptions>(costs));
};

async function costs(context: CommandContext, _: [], { from, to, groupBy }: CostsOptions): Promise<number> {
  await using fleet = await context.fleet();
  const report = await fleet.operations.costs({ from, to, groupBy });
  context.out.result(report, () => costTable(report, context.out));
  return EXIT.ok;
}
