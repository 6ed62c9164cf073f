import { Option } from 'commander';
import { CAPABILITY_TYPES, type CapabilityType } from '../../coordination/models/capability.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { capabilityTable, matchTable } from '../render/capabilities.ts';

interface FindOptions {
  readonly type?: CapabilityType;
  readonly minVersion?: string;
  readonly tag?: readonly string[];
  readonly algorithm?: string;
  readonly limit?: number;
}

export const registerCapabilities: Register = (program, run) => {
  const group = program.command('capabilities').description('what agents can do');
  group
    .command('list', { isDefault: true })
    .description('what all agents that are alive can do')
    .action(run<[], object>(list));
  group
    .command('find')
    .description('agents that can do something, the best first')
    .argument('<name>', 'name of a capability, or words with --algorithm semantic_match')
    .addOption(new Option('--type <type>', 'kind of capability').choices(CAPABILITY_TYPES))
    .option('--min-version <version>', 'this version or a later one')
    .option('--tag <tag...>', 'all of these')
    .option('--algorithm <name>', 'how names are compared')
    .option('--limit <n>', 'most results', wholeNumber(1, 1000))
    .action(run<[string], FindOptions>(find));
};

async function list(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const sets = await fleet.operations.listCapabilities();
  context.out.result(sets, () =>
    sets.length === 0 ? ['no capabilities are advertised'] : capabilityTable(sets, context.out),
  );
  return EXIT.ok;
}

async function find(context: CommandContext, [name]: [string], options: FindOptions): Promise<number> {
  await using fleet = await context.fleet();
  const found = await fleet.operations.discoverCapabilities({
    criteria: {
      capability_name: name,
      ...(options.type !== undefined && { capability_type: options.type }),
      ...(options.minVersion !== undefined && { min_version: options.minVersion }),
      ...(options.tag !== undefined && { required_tags: [...options.tag] }),
    },
    ...(options.algorithm !== undefined && { algorithm: options.algorithm }),
    ...(options.limit !== undefined && { max_results: options.limit }),
  });
  context.out.result(found, () =>
    found.matches.length === 0 ? ['nobody can do that'] : matchTable(found.matches, context.out),
  );
  return EXIT.ok;
}
