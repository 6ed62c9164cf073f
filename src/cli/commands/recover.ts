import { Option } from 'commander';
import type { RecoveredMessages } from '../../coordination/messages/operations.ts';
import { isFleetError } from '../../kernel/errors.ts';
import { publicAddress } from '../../redis/connect.ts';
import { agentName } from '../agent-name.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';

interface RecoverOptions {
  readonly keyPrefix?: string;
  /** `type` or `type:instance`. */
  readonly agent?: string;
  readonly dryRun?: boolean;
}

const PREFIX = /^(?:[a-z][a-z0-9_-]{0,31}|\{[a-z][a-z0-9_-]{0,31}(?::\d{1,4})?\})$/;

export const registerRecover: Register = (program, run) => {
  program
    .command('recover')
    .description('put back messages whose consumer was lost; safe to repeat (also installed as "recover")')
    .argument('[redis_url]', 'Redis to talk to, as with --redis-url')
    .addOption(new Option('--key-prefix <prefix>', 'key prefix of the fleet in Redis, as with --prefix'))
    .option('--agent <agent>', 'only mailboxes of this type, or the one of type:instance')
    .option('--dry-run', 'only count them')
    .action(run<[string | undefined], RecoverOptions>(recover));
};

/** Exits with 1, and not with 69, where Redis cannot be reached: scripts of the original rely on it. */
async function recover(
  context: CommandContext,
  [redisUrl]: [string | undefined],
  { keyPrefix, agent, dryRun = false }: RecoverOptions,
): Promise<number> {
  const chosen = agent === undefined ? undefined : agentName(agent, '--agent');
  const config = await context.loadConfigWithRedis(overridesOf(context, redisUrl, keyPrefix));
  const request = {
    dry_run: dryRun,
    ...(chosen !== undefined && { agent_type: chosen.type }),
    ...(agent?.includes(':') && { instance: chosen?.instance ?? 'default' }),
  };
  try {
    await using messages = await context.messages(config);
    const recovered = await messages.operations.recoverMessages(request);
    show(context, recovered, dryRun);
    return EXIT.ok;
  } catch (error) {
    const isAway = isFleetError(error) && error.kind === 'unavailable';
    if (!isAway || context.globals.apiUrl !== undefined) throw error;
    const message = `cannot reach Redis at ${publicAddress(config.redis.url ?? '')}`;
    context.out.warn(`ao: ${message}`);
    if (context.out.json)
      context.out.result({ error: { code: error.code, message, exit_code: EXIT.failure } }, []);
    return EXIT.failure;
  }
}

/** Bad arguments of this command are usage errors, whatever the configuration calls them. */
function overridesOf(
  { globals }: CommandContext,
  redisUrl: string | undefined,
  keyPrefix: string | undefined,
): Record<string, string> {
  if (redisUrl !== undefined && globals.apiUrl !== undefined)
    throw usageError('name a Redis or an API (--api-url), not both');
  if (redisUrl !== undefined && !(URL.canParse(redisUrl) && /^rediss?:\/\/[^/]/.test(redisUrl)))
    throw usageError('expected an address like redis://localhost:6379/0');
  if (keyPrefix !== undefined && !PREFIX.test(keyPrefix))
    throw usageError(`expected a prefix like ao or {ao}, got "${keyPrefix}"`);
  return {
    ...(redisUrl !== undefined && { 'redis.url': redisUrl }),
    ...(keyPrefix !== undefined && { 'redis.key_prefix': keyPrefix }),
  };
}

function show(
  { out }: CommandContext,
  { total, per_agent: perAgent }: RecoveredMessages,
  isDry: boolean,
): void {
  const lines = Object.entries(perAgent).map(([agent, count]) => `  ${agent}: ${count}`);
  out.result({ per_agent: perAgent, total, ...(isDry && { dry_run: true }) }, [
    isDry ? 'Recoverable messages summary:' : 'Recovered messages summary:',
    ...(lines.length > 0 ? lines : ['  No expired reservations found.']),
    isDry ? `Total recoverable: ${total}` : `Total recovered: ${total}`,
  ]);
}
