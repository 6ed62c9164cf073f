import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { previewLines } from '../render/agents.ts';

interface PreviewOptions {
  readonly all?: boolean;
  readonly includeDegraded?: boolean;
}

export const registerRoute: Register = (program, run) => {
  program
    .command('route')
    .description('who gets a message')
    .command('preview')
    .description('whom the next message to a type of agents goes to, and why; nothing changes')
    .argument('<type>', 'type of agents; ipa, wba and nga are known')
    .option('--all', 'show those that are not considered, too')
    .option('--include-degraded', 'consider degraded agents')
    .action(run<[string], PreviewOptions>(preview));
};

async function preview(
  context: CommandContext,
  [agentType]: [string],
  { all = false, includeDegraded = false }: PreviewOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const decision = await fleet.operations.previewRouting({
    agentType,
    excludeDegraded: !includeDegraded,
    showAllCandidates: all,
  });
  context.out.result(decision, () => previewLines(decision, context.out));
  return EXIT.ok;
}
