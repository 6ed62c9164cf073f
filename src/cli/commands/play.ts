import { Option } from 'commander';
import { uuidv7 } from '../../kernel/ids.ts';
import { usageError, type CommandContext } from '../context.ts';
import { findDevFleet } from '../dev-state.ts';
import { withOwnRedis } from '../embedded.ts';
import { playGame } from '../play/game.ts';
import { readLastSession, rememberSession } from '../play/last-session.ts';
import type { CliOperations } from '../ports.ts';
import type { Register } from '../program.ts';

const PROVIDERS = ['local', 'llm'] as const;

interface PlayOptions {
  readonly session?: string;
  readonly new?: boolean;
  readonly path?: boolean;
  readonly provider?: (typeof PROVIDERS)[number];
}

export const registerPlay: Register = (program, run) => {
  program
    .command('play')
    .description('play in this terminal, on the fleet that runs here or on one of its own')
    .option('--session <id>', 'the session to play in; created if there is none')
    .option('--new', 'begin a new story instead of going on with the last one')
    .option('--path', 'show the way of each turn through the agents')
    .addOption(
      new Option(
        '--provider <who>',
        'who thinks for the agents of a fleet of its own: their rules (local), or the configured model (llm)',
      ).choices(PROVIDERS),
    )
    .action(run<[], PlayOptions>((context, _, options) => play(context, options)));
};

async function play(context: CommandContext, options: PlayOptions): Promise<number> {
  if (options.new === true && options.session !== undefined) {
    throw usageError('--new begins a session of its own: leave --session out');
  }
  if (options.provider !== undefined) {
    if (context.globals.apiUrl !== undefined)
      throw usageError('the fleet at --api-url chooses its provider itself: leave --provider out');
    return playAtOwnFleet(context, options);
  }
  if (await hasFleet(context)) return playAtFleet(context, options);
  return playAtOwnFleet(context, options);
}

/** Whether a fleet was named, is configured, or runs in this folder. */
async function hasFleet(context: CommandContext): Promise<boolean> {
  if (context.globals.apiUrl !== undefined) return true;
  const config = context.loadConfig();
  return config.redis.url !== null || (await findDevFleet(context.stateDir, config.port)) !== null;
}

async function playAtFleet(context: CommandContext, options: PlayOptions): Promise<number> {
  const last = options.new === true ? undefined : await readLastSession(context.stateDir);
  const sessionId = options.session ?? last ?? newSession();
  await using fleet = await context.fleet();
  const exitCode = await playIn(context, fleet.operations, sessionId, options);
  await rememberSession(context.stateDir, sessionId);
  context.out.note(context.out.paint.dim(`ao play --session ${sessionId} goes on from here`));
  return exitCode;
}

async function playAtOwnFleet(context: CommandContext, options: PlayOptions): Promise<number> {
  const { out, ports, signal } = context;
  out.note(
    out.paint.dim('A fleet of its own tells this story, and ends with it: "ao dev" starts one that stays.'),
  );
  const settings = options.provider === 'local' ? NO_MODEL : {};
  return withOwnRedis(
    context,
    async (config) => {
      signal.throwIfAborted();
      if (options.provider === 'llm' && config.llm.base_url === null) {
        throw usageError('no model is configured: --provider llm needs LLM_BASE_URL and LLM_MODEL');
      }
      const fleet = await ports.startDevFleet(config, {});
      try {
        return await playIn(context, fleet.operations, options.session ?? newSession(), options);
      } finally {
        await fleet.stop();
      }
    },
    settings,
  );
}

/** What is configured, taken back. */
const NO_MODEL = { 'llm.base_url': '' };

function playIn(
  { out, signal, stdin }: CommandContext,
  operations: CliOperations,
  sessionId: string,
  options: PlayOptions,
): Promise<number> {
  return playGame({ operations, sessionId, stdin, out, signal, showsPath: options.path === true });
}

function newSession(): string {
  return `play-${uuidv7()}`;
}
