import type { Command } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { RulesChanged } from '../../contracts/safety-operations/rules.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonInput } from '../input-values.ts';
import type { Register } from '../program.ts';
import { renderTable } from '../render/table.ts';

interface PutOptions {
  readonly ifMatch?: string;
}

interface RollbackOptions {
  readonly version?: string;
  readonly yes?: boolean;
}

/** The rules of a running fleet. */
export function registerSafetyRules(safety: Command, run: Parameters<Register>[1]): void {
  const group = safety.command('rules').description('the rules by which a fleet judges texts');
  group
    .command('show', { isDefault: true })
    .description('which rules hold, where they come from, and why newer ones do not')
    .action(run<[], object>(show));
  group
    .command('put')
    .description('put a document in the place of the rules that hold')
    .argument('<file>', 'JSON file, or - for standard input')
    .option('--if-match <version>', 'only if this version still holds; default: the one that holds now')
    .action(run<[string], PutOptions>(put));
  group
    .command('rollback')
    .description('go back to earlier rules; asks first')
    .option('--version <version>', 'default: the newest that do not hold now')
    .option('--yes', 'do not ask')
    .action(run<[], RollbackOptions>(rollback));
  group
    .command('reload')
    .description('read the rules anew; fails with every fault when they are refused')
    .action(run<[], object>(reload));
}

async function show(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const overview = await fleet.operations.safety(LOCAL_OPERATOR);
  context.out.result(overview, () => {
    const { status, rules, enabled } = overview;
    return [
      `rules ${status.rules_version} from ${status.source} since ${status.last_reload_ts}${enabled ? '' : '; safety is switched off'}`,
      ...(status.last_error === null
        ? []
        : [
            `refused ${status.last_error.at}, from ${status.last_error.source}:`,
            ...status.last_error.errors.map(({ path, message }) => `  ${path}: ${message}`),
          ]),
      '',
      ...renderTable(
        [
          { header: 'rule' },
          { header: 'category' },
          { header: 'level' },
          { header: 'priority', align: 'right' },
        ],
        rules.map(({ id, category, level, priority }) => [id, category, level, String(priority)]),
        { width: context.out.width },
      ),
    ];
  });
  return EXIT.ok;
}

async function put(context: CommandContext, [file]: [string], options: PutOptions): Promise<number> {
  const document = await readJsonInput(file === '-' ? '-' : `@${file}`, context.stdin);
  await using fleet = await context.fleet();
  const ifMatch = options.ifMatch ?? (await fleet.operations.safety(LOCAL_OPERATOR)).status.rules_version;
  tell(context, await fleet.operations.putSafetyRules(document, { ifMatch }, LOCAL_OPERATOR));
  return EXIT.ok;
}

async function rollback(
  context: CommandContext,
  _args: [],
  { version, yes }: RollbackOptions,
): Promise<number> {
  const { questioner, signal } = context;
  await using fleet = await context.fleet();
  await confirm(`Going back to ${version ?? 'the rules before these'}`, {
    yes: yes === true,
    questioner,
    signal,
  });
  const request = version === undefined ? {} : { version };
  tell(context, await fleet.operations.rollbackSafetyRules(request, LOCAL_OPERATOR));
  return EXIT.ok;
}

async function reload(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  tell(context, await fleet.operations.reloadSafetyRules(LOCAL_OPERATOR));
  return EXIT.ok;
}

function tell({ out }: CommandContext, changed: RulesChanged): void {
  const { rules_version: version, source } = changed.status;
  out.result(changed, () => [`rules ${version} from ${source} hold`]);
}
