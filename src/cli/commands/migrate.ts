import { FleetError, isFleetError } from '../../kernel/errors.ts';
import { publicAddress } from '../../redis/connect.ts';
import { confirm } from '../confirm.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Migration } from '../ports.ts';
import type { Register } from '../program.ts';
import { renderMigration, renderRemoval, renderVerification } from '../render/migration.ts';

interface MigrateOptions {
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly orphans?: boolean;
  readonly verify?: boolean;
  readonly deleteSource?: boolean;
  readonly yes?: boolean;
}

export const registerMigrate: Register = (program, run) => {
  program
    .command('migrate')
    .description('take over messages from the keys of the Python original; safe to repeat, keeps the source')
    .option('--from <prefix>', 'key prefix of the original (default: that of the fleet)')
    .option('--dry-run', 'only tell what would be taken over')
    .option('--orphans', 'also messages of which only the copy is left; some of them were handled')
    .option('--verify', 'only tell whether everything has been taken over')
    .option('--delete-source', 'delete the old keys of what was taken over; the rest stays')
    .option('--yes', 'delete without a question')
    .action(run<[], MigrateOptions>(migrate));
};

/** Exits with 1 while anything is left in the old keys. */
async function migrate(context: CommandContext, _: [], options: MigrateOptions): Promise<number> {
  const { dryRun = false, orphans = false, verify = false, deleteSource = false, yes = false } = options;
  if (context.globals.apiUrl !== undefined)
    throw usageError('migrate works on Redis itself; leave --api-url out');
  if ([dryRun, verify, deleteSource].filter(Boolean).length > 1)
    throw usageError('choose one of --dry-run, --verify and --delete-source');
  if (orphans && (verify || deleteSource)) throw usageError('--orphans belongs to taking over');
  const config = await context.loadConfigWithRedis();
  context.noteWarnings(config);
  const { out } = context;
  const from = options.from ?? config.redis.key_prefix;
  await using migration = await context.ports.openMigration(config, from);
  try {
    if (verify) {
      const found = await migration.verify();
      out.result(found, renderVerification(found));
      return found.is_complete ? EXIT.ok : EXIT.failure;
    }
    if (deleteSource) return await remove(context, migration, from, yes);
    const report = await migration.takeOver({ dryRun, orphans });
    out.result(report, renderMigration(report));
    return report.is_complete ? EXIT.ok : EXIT.failure;
  } catch (error) {
    if (!isFleetError(error) || error.code !== 'redis_unavailable') throw error;
    throw new FleetError({
      code: 'redis_unavailable',
      kind: 'unavailable',
      message: `cannot reach Redis at ${publicAddress(config.redis.url ?? '')}; run the same command again to go on`,
      cause: error,
    });
  }
}

async function remove(
  { out, questioner, signal }: CommandContext,
  migration: Migration,
  from: string,
  yes: boolean,
): Promise<number> {
  const found = await migration.verify();
  const left = found.left === 0 ? '' : `, but not ${found.left} that were not`;
  await confirm(
    `Deleting the source of ${found.taken_over} messages under "${from}" that were taken over${left}`,
    {
      yes,
      questioner,
      signal,
    },
  );
  const removal = await migration.removeSource();
  out.result(removal, renderRemoval(removal));
  return removal.left === 0 ? EXIT.ok : EXIT.failure;
}
