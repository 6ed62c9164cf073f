import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { versionTable, worldLines } from '../render/world.ts';

interface WorldOptions {
  readonly version?: number;
  readonly full?: boolean;
  readonly history?: number;
}

const MAX_VERSION = 1_000_000_000;

export const registerWorld: Register = (program, run) => {
  program
    .command('world')
    .description('the world a session plays in, as it is or as it was')
    .argument('<session>')
    .option('--version <n>', 'as it was then', wholeNumber(0, MAX_VERSION))
    .option('--full', 'with --json: all of it, not only what the player sees')
    .option('--history <n>', 'instead: the newest versions, and what made them', wholeNumber(1, 100))
    .action(run<[string], WorldOptions>(world));
};

async function world(context: CommandContext, [session]: [string], options: WorldOptions): Promise<number> {
  const { version, full = false, history } = options;
  await using fleet = await context.fleet();
  if (history !== undefined) {
    const { items } = await fleet.operations.listWorldVersions(session, { limit: history }, LOCAL_OPERATOR);
    context.out.result(items, () => versionTable(items, context.out));
    return EXIT.ok;
  }
  const question = { full, ...(version === undefined ? {} : { version }) };
  const answer = await fleet.operations.getWorld(session, question, LOCAL_OPERATOR);
  context.out.result(answer, () => worldLines(answer, context.out));
  return EXIT.ok;
}
