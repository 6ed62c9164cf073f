import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonInput, wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { definitionLines, definitionTable } from '../render/definitions.ts';

interface VersionOption {
  readonly version?: number;
}

interface DeleteOptions extends VersionOption {
  readonly yes?: boolean;
}

const MAX_VERSION = 1_000_000_000;

export const registerDefinitions: Register = (program, run) => {
  const group = program.command('definitions').description('workflows of the fleet: in code and registered');
  group
    .command('list', { isDefault: true })
    .description('all, with their versions')
    .action(run<[], object>(list));
  group
    .command('show')
    .description('one of them, with what stands in it')
    .argument('<name>')
    .option('--version <n>', 'default: the newest', wholeNumber(1, MAX_VERSION))
    .action(run<[string], VersionOption>(show));
  group
    .command('put')
    .description('register a definition; without a version it becomes the next one')
    .argument('<file>', 'JSON file, or - for standard input')
    .action(run<[string], object>(put));
  group
    .command('delete')
    .description('delete a registered definition that has no open runs; asks first')
    .argument('<name>')
    .option('--version <n>', 'default: all versions', wholeNumber(1, MAX_VERSION))
    .option('--yes', 'do not ask')
    .action(run<[string], DeleteOptions>(remove));
};

async function list(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const definitions = await fleet.operations.listDefinitions();
  context.out.result(definitions, () => definitionTable(definitions, context.out));
  return EXIT.ok;
}

async function show(context: CommandContext, [name]: [string], options: VersionOption): Promise<number> {
  await using fleet = await context.fleet();
  const definition = await fleet.operations.getDefinition(name, options.version);
  context.out.result(definition, () => definitionLines(definition));
  return EXIT.ok;
}

async function put(context: CommandContext, [file]: [string]): Promise<number> {
  const content = await readJsonInput(file === '-' ? '-' : `@${file}`, context.stdin);
  await using fleet = await context.fleet();
  const { definition, created } = await fleet.operations.putDefinition(content, LOCAL_OPERATOR);
  const title = `${definition.name}@${definition.version}`;
  context.out.result({ ...definition, created }, () => [
    created ? `${title} is registered` : `${title} stands there already`,
  ]);
  return EXIT.ok;
}

async function remove(context: CommandContext, [name]: [string], options: DeleteOptions): Promise<number> {
  const { version, yes } = options;
  const { questioner, signal } = context;
  const title = version === undefined ? `all versions of ${name}` : `${name}@${version}`;
  await using fleet = await context.fleet();
  await confirm(`Deleting ${title}`, { yes: yes === true, questioner, signal });
  await fleet.operations.deleteDefinition(name, version, LOCAL_OPERATOR);
  const document = { name, ...(version === undefined ? {} : { version }), deleted: true };
  context.out.result(document, () => [`${title}: deleted`]);
  return EXIT.ok;
}
