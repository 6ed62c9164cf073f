import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { breakerLines, breakerTable } from '../render/breakers.ts';

export const registerBreakers: Register = (program, run) => {
  const group = program.command('breakers').description('what the fleet does not call for now');
  group
    .command('list', { isDefault: true })
    .description('all circuit breakers')
    .action(run<[], object>(list));
  group
    .command('show')
    .description('one circuit breaker, with its counts and settings')
    .argument('<name>')
    .action(run<[string], object>(show));
  group
    .command('reset')
    .description('close a circuit breaker: calls are made again')
    .argument('<name>')
    .action(run<[string], object>(reset));
  group
    .command('open')
    .description('make no such calls for one period; asks first')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .action(run<[string], { yes?: boolean }>(open));
};

async function list(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const breakers = await fleet.operations.listBreakers();
  context.out.result(breakers, () => {
    return breakers.length === 0 ? ['no circuit breakers'] : breakerTable(breakers, context.out);
  });
  return EXIT.ok;
}

async function show(context: CommandContext, [name]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const breaker = await fleet.operations.getBreaker(name);
  context.out.result(breaker, () => breakerLines(breaker));
  return EXIT.ok;
}

async function reset(context: CommandContext, [name]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const breaker = await fleet.operations.resetBreaker(name);
  context.out.result(breaker, () => breakerLines(breaker));
  return EXIT.ok;
}

async function open(context: CommandContext, [name]: [string], { yes }: { yes?: boolean }): Promise<number> {
  await using fleet = await context.fleet();
  const { questioner, signal } = context;
  await confirm(`Opening circuit breaker ${name}`, { yes: yes === true, questioner, signal });
  const breaker = await fleet.operations.openBreaker(name);
  context.out.result(breaker, () => breakerLines(breaker));
  return EXIT.ok;
}
