import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import type { QueueView } from '../../contracts/operator.ts';
import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { queueDetailLines, queueTable } from '../render/queues.ts';

export const registerQueues: Register = (program, run) => {
  const group = program.command('queues').description('what waits, runs and failed, per queue');
  group.command('list', { isDefault: true }).description('all queues').action(run<[], object>(list));
  group.command('show').description('one queue').argument('<queue>').action(run<[string], object>(show));
  group
    .command('forget')
    .description(
      'forget a type of agents that a module brought and nobody serves any more, with its empty queue',
    )
    .argument('<queue>')
    .option('--yes', 'do not ask')
    .action(run<[string], { yes?: boolean }>(forget));
};

async function list(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const queues = await fleet.operations.listQueues();
  context.out.result(queues, () => queueTable(queues, context.out));
  return EXIT.ok;
}

async function show(context: CommandContext, [name]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const queues = await fleet.operations.listQueues();
  const queue = queues.find((known) => known.name === name || known.agent_type === name);
  if (queue === undefined) throw unknownQueue(name, queues);
  context.out.result(queue, () => queueDetailLines(queue));
  return EXIT.ok;
}

async function forget(
  context: CommandContext,
  [name]: [string],
  { yes }: { yes?: boolean },
): Promise<number> {
  await using fleet = await context.fleet();
  const { questioner, signal } = context;
  await confirm(`Forgetting queue ${name}`, { yes: yes === true, questioner, signal });
  await fleet.operations.deleteQueue(name, LOCAL_OPERATOR);
  context.out.result({ deleted: name }, [`${name} is forgotten`]);
  return EXIT.ok;
}

function unknownQueue(name: string, queues: readonly QueueView[]): FleetError {
  const known = queues.map((queue) => queue.name);
  const suggestion = nearest(name, known);
  const hint = suggestion === undefined ? `known: ${known.join(', ')}` : `did you mean "${suggestion}"?`;
  return new FleetError({
    code: 'queue_not_found',
    kind: 'not_found',
    message: `there is no queue "${name}"; ${hint}`,
  });
}
