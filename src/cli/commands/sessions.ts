import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { sessionLines, turnLines } from '../render/sessions.ts';

export const registerSessions: Register = (program, run) => {
  const group = program.command('sessions').description('sessions of players');
  group
    .command('show')
    .description('a session with what it remembers')
    .argument('<session>')
    .action(run<[string], object>(show));
  group
    .command('turns')
    .description('the turns of a session, the newest first')
    .argument('<session>')
    .option('--limit <n>', 'turns to show', wholeNumber(1, 100), 10)
    .action(run<[string], { readonly limit: number }>(turns));
  group
    .command('export')
    .description('everything that is kept of a session, as one JSON document')
    .argument('<session>')
    .action(run<[string], object>(exportAll));
  group
    .command('delete')
    .description('delete a session with everything that is kept of it')
    .argument('<session>')
    .option('--yes', 'do it without a question')
    .action(run<[string], { readonly yes?: boolean }>(remove));
};

async function show(context: CommandContext, [sessionId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const session = await fleet.operations.getSession(sessionId, LOCAL_OPERATOR);
  context.out.result(session, () => sessionLines(session));
  return EXIT.ok;
}

async function turns(
  context: CommandContext,
  [sessionId]: [string],
  { limit }: { readonly limit: number },
): Promise<number> {
  await using fleet = await context.fleet();
  const { items } = await fleet.operations.listTurns(sessionId, { limit }, LOCAL_OPERATOR);
  context.out.result(items, () =>
    items.length === 0 ? ['no turns yet'] : turnLines(items, context.out.textWidth),
  );
  return EXIT.ok;
}

/** A document for files and programs, with or without `--json`. */
async function exportAll(context: CommandContext, [sessionId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const document = await fleet.operations.exportSession(sessionId, LOCAL_OPERATOR);
  context.out.result(document, () => [JSON.stringify(document, null, 2)]);
  return EXIT.ok;
}

async function remove(
  context: CommandContext,
  [sessionId]: [string],
  { yes }: { readonly yes?: boolean },
): Promise<number> {
  const { questioner, signal } = context;
  await confirm(`Deleting session ${sessionId}`, { yes: yes === true, questioner, signal });
  await using fleet = await context.fleet();
  const deleted = await fleet.operations.deleteSession(sessionId, LOCAL_OPERATOR);
  context.out.result(deleted, [
    deleted.status === 'deleted'
      ? 'deleted: nothing of it is left'
      : 'something of it is still at work; the fleet deletes the rest by itself',
  ]);
  return EXIT.ok;
}
