import { Option } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { RUN_STATUSES, type RunStatus, type RunSummary } from '../../contracts/run.ts';
import type { RunPosition } from '../../contracts/run-list.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonInput, wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { runLines, runTable } from '../render/runs.ts';

interface ListOptions {
  readonly workflow?: string;
  readonly status?: RunStatus;
  readonly session?: string;
  readonly user?: string;
  readonly limit: number;
}
interface SignalOptions {
  readonly payload: string;
}
interface CancelOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

export const registerWorkflows: Register = (program, run) => {
  const group = program
    .command('workflows')
    .description('runs of workflows: list, show, cancel, signal, resume, rerun, rollback');
  group
    .command('list', { isDefault: true })
    .description('newest first')
    .option('--workflow <name>', 'only of this workflow')
    .addOption(new Option('--status <status>', 'only in this state').choices(RUN_STATUSES))
    .option('--session <id>', 'only of this session')
    .option('--user <id>', 'only of this user')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 50)
    .action(run<[], ListOptions>(list));
  group
    .command('show')
    .description('one run with its steps and its output')
    .argument('<run_id>')
    .action(run<[string], object>(show));
  group
    .command('cancel')
    .description('end a run for good; asks first')
    .argument('<run_id>')
    .option('--reason <why>', 'kept with the run')
    .option('--yes', 'do not ask')
    .action(run<[string], CancelOptions>(cancel));
  group
    .command('signal')
    .description('give a run what it waits for, now or later')
    .argument('<run_id>')
    .argument('<name>')
    .option('--payload <json>', 'JSON, @file, or - for standard input', 'null')
    .action(run<[string, string], SignalOptions>(giveSignal));
  group
    .command('resume')
    .description('run a failed or timed out run again from where it stopped')
    .argument('<run_id>')
    .action(run<[string], object>(resume));
  group
    .command('rerun')
    .description('start a new run with the same input and print its run_id')
    .argument('<run_id>')
    .action(run<[string], object>(rerun));
};

/** Runs that few others fit a filter are far apart: so many pages are asked for before the list ends early. */
const MOST_PAGES = 20;
const PAGE = 100;

async function list(context: CommandContext, _: [], options: ListOptions): Promise<number> {
  const { workflow, status, session, user, limit } = options;
  await using fleet = await context.fleet();
  const runs: RunSummary[] = [];
  let after: RunPosition | undefined;
  let isMore = true;
  for (let pages = 0; pages < MOST_PAGES && isMore && runs.length < limit; pages++) {
    const page = await fleet.operations.listRuns(
      {
        workflow,
        status,
        session_id: session,
        user_id: user,
        limit: Math.min(PAGE, limit - runs.length),
        after,
      },
      LOCAL_OPERATOR,
    );
    runs.push(...page.items);
    isMore = page.next !== null;
    after = page.next ?? undefined;
  }
  context.out.result(runs, () => (runs.length === 0 ? ['no runs'] : runTable(runs, context.out)));
  if (isMore) context.out.note('there are more; narrow the list, or raise --limit');
  return EXIT.ok;
}

async function show(context: CommandContext, [runId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const found = await fleet.operations.getRun(runId, LOCAL_OPERATOR);
  context.out.result(found, () => runLines(found));
  return EXIT.ok;
}

async function cancel(
  context: CommandContext,
  [runId]: [string],
  { reason, yes }: CancelOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const { questioner, signal } = context;
  await confirm(`Cancelling ${runId}`, { yes: yes === true, questioner, signal });
  const request = reason === undefined ? {} : { reason };
  const cancelled = await fleet.operations.cancelRun(runId, request, LOCAL_OPERATOR);
  context.out.result(cancelled, [`${cancelled.run_id} ${cancelled.status}`]);
  return EXIT.ok;
}

async function giveSignal(
  context: CommandContext,
  [runId, name]: [string, string],
  options: SignalOptions,
): Promise<number> {
  const payload = await readJsonInput(options.payload, context.stdin);
  await using fleet = await context.fleet();
  const signalled = await fleet.operations.signalRun(runId, name, payload, LOCAL_OPERATOR);
  context.out.result(signalled, [`${signalled.run_id} has "${name}"; it is ${signalled.status}`]);
  return EXIT.ok;
}

async function resume(context: CommandContext, [runId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const resumed = await fleet.operations.resumeRun(runId, LOCAL_OPERATOR);
  context.out.result(resumed, [`${resumed.run_id} ${resumed.status}`]);
  return EXIT.ok;
}

async function rerun(context: CommandContext, [runId]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const accepted = await fleet.operations.rerunRun(runId, LOCAL_OPERATOR);
  context.out.result(accepted, [accepted.run_id]);
  return EXIT.ok;
}
