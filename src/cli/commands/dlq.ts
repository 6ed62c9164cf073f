import type { Command } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { confirm } from '../confirm.ts';
import { usageError, type CommandContext } from '../context.ts';
import { collectDeadLetters, forEachDeadLetter, type DeadLetterChoice } from '../dead-letters.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register, Runner } from '../program.ts';
import { deadLetterLines, deadLetterTable } from '../render/dead-letters.ts';

interface FilterOptions {
  readonly queue?: string;
  readonly reason?: string;
}
interface ListOptions extends FilterOptions {
  readonly limit: number;
}
interface ReplayOptions extends FilterOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
}
interface DiscardOptions {
  readonly queue?: string;
  /** Why; kept in the audit. */
  readonly reason: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export const registerDlq: Register = (program, run) => {
  const group = program.command('dlq').description('dead letters: jobs and messages that were given up on');
  group
    .command('list', { isDefault: true })
    .description('newest first')
    .option('--queue <queue>', 'only of this queue; of a mailbox it is dlq.<type>.<instance>')
    .option('--reason <reason>', 'only with this reason')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(run<[], ListOptions>(list));
  group
    .command('show')
    .description('one dead letter with its data')
    .argument('<dlq_id>')
    .action(run<[string], object>(show));
  registerReplay(group, run);
  registerDiscard(group, run);
};

function registerReplay(group: Command, run: Runner): void {
  group
    .command('replay')
    .description('put a dead letter back to work; a step resumes its run, a message is sent again')
    .argument('[dlq_id]')
    .option('--all', 'every dead letter that matches')
    .option('--queue <queue>', 'with --all: only of this queue')
    .option('--reason <reason>', 'with --all: only with this reason')
    .option('--dry-run', 'only show what would be replayed')
    .action(run<[string | undefined], ReplayOptions>(replay));
}

function registerDiscard(group: Command, run: Runner): void {
  group
    .command('discard')
    .description('drop a dead letter for good; asks first')
    .argument('[dlq_id]')
    .requiredOption('--reason <why>', 'why it may be dropped; kept in the audit')
    .option('--all', 'every dead letter that matches')
    .option('--queue <queue>', 'with --all: only of this queue')
    .option('--dry-run', 'only show what would be discarded')
    .option('--yes', 'do not ask')
    .action(run<[string | undefined], DiscardOptions>(discard));
}

async function list(context: CommandContext, _: [], { limit, ...filter }: ListOptions): Promise<number> {
  await using fleet = await context.fleet();
  const entries = await fleet.operations.listDeadLetters({ ...choiceOf(filter), limit });
  context.out.result(entries, () => {
    return entries.length === 0 ? ['no dead letters'] : deadLetterTable(entries, context.out);
  });
  return EXIT.ok;
}

async function show(context: CommandContext, [dlqId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const entry = await fleet.operations.getDeadLetter(dlqId);
  context.out.result(entry, () => deadLetterLines(entry));
  return EXIT.ok;
}

async function replay(
  context: CommandContext,
  [dlqId]: [string | undefined],
  { all, dryRun, ...filter }: ReplayOptions,
): Promise<number> {
  checkTarget('replay', dlqId, all, filter);
  await using fleet = await context.fleet();
  const { operations } = fleet;
  const ids = dlqId === undefined ? await collectDeadLetters(operations, choiceOf(filter)) : [dlqId];
  if (dryRun) return showDryRun(context, 'replayed', ids);
  return await forEachDeadLetter(context.out, 'replayed', ids, async (id) => {
    return operations.replayDeadLetter(id, LOCAL_OPERATOR);
  });
}

async function discard(
  context: CommandContext,
  [dlqId]: [string | undefined],
  { all, dryRun, yes, reason, queue }: DiscardOptions,
): Promise<number> {
  const filter = queue === undefined ? {} : { queue };
  checkTarget('discard', dlqId, all, filter);
  await using fleet = await context.fleet();
  const { operations } = fleet;
  const ids = dlqId === undefined ? await collectDeadLetters(operations, filter) : [dlqId];
  if (dryRun) return showDryRun(context, 'discarded', ids);
  if (ids.length > 0) {
    await confirm(ids.length === 1 ? `Discarding ${ids[0]}` : `Discarding ${ids.length} dead letters`, {
      yes: yes === true,
      questioner: context.questioner,
      signal: context.signal,
    });
  }
  return await forEachDeadLetter(context.out, 'discarded', ids, async (id) => {
    await operations.discardDeadLetter(id, { reason }, LOCAL_OPERATOR);
    return {};
  });
}

function checkTarget(
  verb: string,
  dlqId: string | undefined,
  all: boolean | undefined,
  filter: object,
): void {
  if (dlqId === undefined && all !== true)
    throw usageError(`name a dead letter, or use: ao dlq ${verb} --all`);
  if (dlqId !== undefined && (all === true || Object.keys(choiceOf(filter)).length > 0)) {
    throw usageError('name a dead letter or choose with --all and filters, not both');
  }
}

function showDryRun(context: CommandContext, verb: string, ids: readonly string[]): number {
  context.out.result({ dry_run: true, [verb]: ids }, () => [`${ids.length} would be ${verb}`, ...ids]);
  return EXIT.ok;
}

/** Options also hold the global ones; a filter is only these two. */
function choiceOf({ queue, reason }: FilterOptions): DeadLetterChoice {
  return { ...(queue !== undefined && { queue }), ...(reason !== undefined && { reason }) };
}
