import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';
import { AGENTS, type AgentName } from '../../contracts/agent-type.ts';
import type { CommandContext } from '../context.ts';
import { DEMO_FAULT } from '../demo/failing-turn.ts';
import { tellStory } from '../demo/story.ts';
import { demoFolder } from '../dev-state.ts';
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
  const { redisUrl } = context.globals;
  // A Redis that was named is used with keys of our own; else the demo brings one and takes it away again.
  if (redisUrl !== undefined) return demoAt(context, options, redisUrl);
  const folder = demoFolder(context.stateDir);
  try {
    const redis = await context.ports.startRedis({ dataDir: join(folder.path, 'redis'), persistent: false });
    try {
      return await demoAt(context, options, redis.url);
    } finally {
      await redis.stop();
    }
  } finally {
    await rm(folder.path, { recursive: true, force: true });
  }
}

async function demoAt(context: CommandContext, options: DemoOptions, redisUrl: string): Promise<number> {
  const { out, signal, ports } = context;
  const config = context.loadConfig({
    environment: 'development',
    port: '0',
    'http.host': '127.0.0.1',
    'metrics.port': '0',
    'redis.url': redisUrl,
    'redis.key_prefix': context.globals.prefix ?? `demo-${process.pid}`,
    // A story is told on this terminal; what goes wrong in it is told by the demo itself.
    'log.level': 'silent',
  });
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
