import { join } from 'node:path';
import { provenanceOf } from '../../../config/load.ts';
import type { Config } from '../../../config/schema.ts';
import { LOCAL_REDIS, type CommandContext } from '../context.ts';
import { devFolder, forgetDevFleet, type DevFolder } from '../dev-state.ts';
import type { Register } from '../program.ts';
import { runServingRole } from '../serving.ts';

interface DevOptions {
  /** False with --no-redis. */
  readonly redis: boolean;
}

export const registerDev: Register = (program, run) => {
  program
    .command('dev')
    .description('everything in one process: API, all workers, and a private Redis when none is configured')
    .option('--no-redis', 'never start a Redis: use the configured or the local one')
    .action(run<[], DevOptions>((context, _, options) => runDev(context, options)));
};

async function runDev(context: CommandContext, options: DevOptions): Promise<number> {
  const config = loadDevConfig(context);
  const folder = devFolder(context.stateDir, config.port);
  try {
    if (config.redis.url !== null) return await serve(context, config, folder);
    if (!options.redis) {
      return await serve(context, loadDevConfig(context, { 'redis.url': LOCAL_REDIS }), folder);
    }
    return await serveWithOwnRedis(context, folder);
  } finally {
    await forgetDevFleet(folder);
  }
}

async function serveWithOwnRedis(context: CommandContext, folder: DevFolder): Promise<number> {
  const redis = await context.ports.startRedis({
    dataDir: join(folder.path, 'redis'),
    persistent: !folder.isTemporary,
  });
  try {
    // Plans are written here, again and again; nobody else keeps runs at this Redis.
    const own = { 'redis.url': redis.url, 'workflow.accept_changed_plans': 'true' };
    return await serve(context, loadDevConfig(context, own), folder);
  } finally {
    await redis.stop();
  }
}

/** Agents register here unless somebody has said that they should not. */
const REGISTERING = [
  'agents.auto_register',
  'agents.input_processor.auto_register_enabled',
  'agents.world_builder.auto_register_enabled',
  'agents.narrative_generator.auto_register_enabled',
];

function loadDevConfig(context: CommandContext, overrides: Readonly<Record<string, string>> = {}): Config {
  const { sources } = provenanceOf(context.loadConfig(overrides));
  const unsaid = REGISTERING.filter((key) => !sources.has(key));
  return context.loadConfig({ ...overrides, ...Object.fromEntries(unsaid.map((key) => [key, 'true'])) });
}

function serve(context: CommandContext, config: Config, folder: DevFolder): Promise<number> {
  return runServingRole(context, { kind: 'dev' }, config, folder);
}
