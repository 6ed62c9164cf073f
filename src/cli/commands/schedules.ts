import { Option } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { PRIORITIES, type Priority } from '../../contracts/priority.ts';
import { OVERLAPS, ScheduleName, type PutSchedule } from '../../contracts/schedule.ts';
import { confirm } from '../confirm.ts';
import { usageError, type CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readJsonInput, seconds, wholeNumber } from '../input-values.ts';
import type { Register } from '../program.ts';
import { scheduleLines, scheduleTable } from '../render/schedules.ts';

interface SetOptions {
  readonly workflow: string;
  readonly workflowVersion?: number;
  readonly input: string;
  readonly cron?: string;
  readonly every?: number;
  readonly timezone?: string;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly priority?: Priority;
  readonly timeout?: number;
  readonly overlap?: (typeof OVERLAPS)[number];
}

export const registerSchedules: Register = (program, run) => {
  const group = program.command('schedules').description('runs that are started again and again');
  group
    .command('list', { isDefault: true })
    .description('all schedules, with their next run and what they did last')
    .action(run<[], object>(list));
  group.command('show').description('one schedule').argument('<name>').action(run<[string], object>(show));
  group
    .command('set')
    .description('create a schedule, or put this one in its place')
    .argument('<name>')
    .requiredOption('--workflow <name>', 'what is run')
    .option('--workflow-version <n>', 'this version; default the latest', wholeNumber(1, 1_000_000))
    .option('--input <json>', 'JSON, @file, or - for standard input', '{}')
    .option('--cron <expression>', 'five fields, or six with seconds in front')
    .option('--every <seconds>', 'instead of --cron; the first run begins at once', seconds)
    .option('--timezone <name>', 'of --cron, as Europe/Berlin; default UTC')
    .option('--starts-at <time>', 'not before; ISO 8601')
    .option('--ends-at <time>', 'not after; ISO 8601')
    .addOption(new Option('--priority <class>', 'before or after others').choices(PRIORITIES))
    .option('--timeout <seconds>', 'deadline of each run', seconds)
    .addOption(new Option('--overlap <way>', 'while the run before is open').choices(OVERLAPS))
    .action(run<[string], SetOptions>(set));
  group
    .command('delete')
    .description('delete a schedule; asks first')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .action(run<[string], { yes?: boolean }>(remove));
};

async function list(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const schedules = await fleet.operations.listSchedules();
  context.out.result(schedules, () => {
    return schedules.length === 0 ? ['no schedules'] : scheduleTable(schedules, context.out);
  });
  return EXIT.ok;
}

async function show(context: CommandContext, [name]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const schedule = await fleet.operations.getSchedule(name);
  context.out.result(schedule, () => scheduleLines(schedule));
  return EXIT.ok;
}

async function set(context: CommandContext, [name]: [string], options: SetOptions): Promise<number> {
  const parsed = ScheduleName.safeParse(name);
  if (!parsed.success) throw usageError(`"${name}" is no name: ${parsed.error.issues[0]?.message}`);
  const request = await requestOf(context, options);
  await using fleet = await context.fleet();
  const { schedule } = await fleet.operations.putSchedule(name, request, LOCAL_OPERATOR);
  context.out.result(schedule, () => scheduleLines(schedule));
  return EXIT.ok;
}

async function requestOf(context: CommandContext, options: SetOptions): Promise<PutSchedule> {
  const { workflow, workflowVersion, cron, every, timezone, startsAt, endsAt } = options;
  return {
    workflow,
    input: await readJsonInput(options.input, context.stdin),
    ...(workflowVersion !== undefined && { version: workflowVersion }),
    ...(cron !== undefined && { cron }),
    ...(every !== undefined && { every_ms: Math.round(every * 1000) }),
    ...(timezone !== undefined && { timezone }),
    ...(startsAt !== undefined && { starts_at: startsAt }),
    ...(endsAt !== undefined && { ends_at: endsAt }),
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.timeout !== undefined && { timeout_s: options.timeout }),
    ...(options.overlap !== undefined && { overlap: options.overlap }),
  };
}

async function remove(
  context: CommandContext,
  [name]: [string],
  { yes }: { yes?: boolean },
): Promise<number> {
  await using fleet = await context.fleet();
  const { questioner, signal } = context;
  await confirm(`Deleting schedule ${name}`, { yes: yes === true, questioner, signal });
  await fleet.operations.deleteSchedule(name, LOCAL_OPERATOR);
  context.out.result({ deleted: name }, [`${name} deleted`]);
  return EXIT.ok;
}
