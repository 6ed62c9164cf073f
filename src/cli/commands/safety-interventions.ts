import { Option, type Command } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { INTERVENTION_STATES, type InterventionState } from '../../contracts/intervention.ts';
import { CRISIS_LEVELS, type CrisisLevel } from '../../contracts/safety.ts';
import { ResolveIntervention } from '../../contracts/safety-operations/interventions.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Runner } from '../program.ts';
import { interventionLines, interventionTable } from '../render/interventions.ts';

interface ListOptions {
  readonly state?: InterventionState;
  readonly level?: CrisisLevel;
  readonly limit: number;
}
interface ResolveOptions {
  readonly by: string;
  readonly outcome: 'resolved' | 'false_positive';
  readonly notes: string;
}

export function registerInterventions(safety: Command, run: Runner): void {
  const group = safety.command('interventions').description('players at risk, and what is done for them');
  group
    .command('list', { isDefault: true })
    .description('newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(INTERVENTION_STATES))
    .addOption(new Option('--level <level>', 'only of this level').choices(CRISIS_LEVELS))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 200), 50)
    .action(run<[], ListOptions>(list));
  group
    .command('show')
    .description('an intervention with everything that was done')
    .argument('<intervention>')
    .action(run<[string], object>(show));
  group
    .command('resolve')
    .description('close an intervention')
    .argument('<intervention>')
    .requiredOption('--by <person>', 'who closes it')
    .requiredOption('--notes <text>', 'what came of it; kept with the intervention')
    .addOption(
      new Option('--outcome <outcome>', 'what it was')
        .choices(['resolved', 'false_positive'])
        .default('resolved'),
    )
    .action(run<[string], ResolveOptions>(resolve));
  group
    .command('release')
    .description('let a session that is held play on')
    .argument('<session>')
    .action(run<[string], object>(release));
}

async function list(
  context: CommandContext,
  _args: [],
  { state, level, limit }: ListOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const filter = { limit, state, level };
  const { items, unreadable } = await fleet.operations.listInterventions(filter, LOCAL_OPERATOR);
  for (const id of unreadable) context.out.note(`the record of intervention ${id} cannot be read`);
  context.out.result(items, () =>
    items.length === 0 ? ['no interventions'] : interventionTable(items, context.out.width),
  );
  return EXIT.ok;
}

async function show(context: CommandContext, [id]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const found = await fleet.operations.getIntervention(id, LOCAL_OPERATOR);
  context.out.result(found, () => interventionLines(found));
  return EXIT.ok;
}

async function resolve(
  context: CommandContext,
  [id]: [string],
  { by, outcome, notes }: ResolveOptions,
): Promise<number> {
  const request = ResolveIntervention.safeParse({ human_id: by, outcome, notes });
  if (!request.success) {
    const [issue] = request.error.issues;
    throw usageError(`${issue!.path.join('.')}: ${issue!.message}`);
  }
  await using fleet = await context.fleet();
  const closed = await fleet.operations.resolveIntervention(id, request.data, LOCAL_OPERATOR);
  context.out.result(closed, [`closed: ${closed.state}`]);
  return EXIT.ok;
}

async function release(context: CommandContext, [sessionId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const released = await fleet.operations.releaseSession(sessionId, LOCAL_OPERATOR);
  context.out.result(released, [released.was_held ? 'released: the session plays on' : 'it was not held']);
  return EXIT.ok;
}
