import { Option } from 'commander';
import type { Config } from '../../../config/schema.ts';
import { AGENTS, type AgentName } from '../../contracts/agent-type.ts';
import type { CommandContext } from '../context.ts';
import { DEMO_FAULT } from '../demo/failing-turn.ts';
import { tellStory } from '../demo/story.ts';
import { withOwnRedis } from '../embedded.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';

interface DemoOptions {
  readonly turns: number;
  readonly fail?: AgentName;
}

export const registerDemo: Register = (program, run) => {
  program
    .command('demo')
    .description('a story from start to end on a fleet of its own, which ends with it')
    .option('--turns <n>', 'turns to play', wholeNumber(1, 100), 6)
    .addOption(
      new Option('--fail <agent>', 'let this agent fail first: retries, dead letter, replay').choices(AGENTS),
    )
    .action(run<[], DemoOptions>(demo));
};

async function demo(context: CommandContext, _: [], options: DemoOptions): Promise<number> {
  return withOwnRedis(context, (config) => demoAt(context, options, config));
}

async function demoAt(context: CommandContext, options: DemoOptions, config: Config): Promise<number> {
  const { out, signal, ports } = context;
  signal.throwIfAborted();
  const fleet = await ports.startDevFleet(
    config,
    options.fail === undefined ? {} : { faults: { [options.fail]: DEMO_FAULT } },
  );
  try {
    const told = await tellStory(fleet, options, { out, signal });
    out.result(told, []);
    return EXIT.ok;
  } finally {
    await fleet.stop();
  }
}
