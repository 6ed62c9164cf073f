import { Option, type Command } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { CHANNELS, TIERS, type ChannelName, type Escalation, type Tier } from '../../contracts/escalation.ts';
import type { SafetyConsoleEntry } from '../../contracts/safety-operations/escalations.ts';
import { CRISIS_LEVELS, type CrisisLevel } from '../../contracts/safety.ts';
import { sleep } from '../../kernel/abort.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../input-values.ts';
import type { Runner } from '../program.ts';
import { renderTable } from '../render/table.ts';
import { printable } from '../render/text.ts';

interface ListOptions {
  readonly status?: Escalation['status'];
  readonly level?: CrisisLevel;
  readonly limit: number;
}
interface PersonOptions {
  readonly human: string;
  readonly notes?: string;
}
interface AlertOptions {
  readonly limit: number;
  readonly follow?: boolean;
}
interface TestOptions {
  readonly tier: Tier;
}

const FOLLOW_EVERY_MS = 1_000;

/** Below `ao safety`: the calls to people, the console, the test of a channel. */
export function registerSafetyPeople(group: Command, run: Runner): void {
  const escalations = group.command('escalations').description('calls to people, and who has answered');
  escalations
    .command('list', { isDefault: true })
    .description('newest first')
    .addOption(
      new Option('--status <status>', 'only these').choices([
        'pending',
        'acknowledged',
        'resolved',
        'failed',
      ]),
    )
    .addOption(new Option('--level <level>', 'only these').choices([...CRISIS_LEVELS]))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 200), 50)
    .action(run<[], ListOptions>(list));
  escalations
    .command('show')
    .description('one of them with every attempt to tell somebody')
    .argument('<escalation_id>')
    .action(run<[string], object>(show));
  escalations
    .command('ack')
    .description('take it: nobody else is called')
    .argument('<escalation_id>')
    .requiredOption('--human <name>', 'who takes it')
    .option('--notes <text>', 'for those who read it later')
    .action(run<[string], PersonOptions>(acknowledge));
  escalations
    .command('resolve')
    .description('end it for good')
    .argument('<escalation_id>')
    .requiredOption('--human <name>', 'who ends it')
    .option('--notes <text>', 'for those who read it later')
    .action(run<[string], PersonOptions>(resolve));
  group
    .command('alerts')
    .description('the console: pages and alerts of safety')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .option('--follow', 'go on until interrupted')
    .action(run<[], AlertOptions>(alerts));
  group
    .command('channels')
    .description('ways to people')
    .command('test')
    .description('send a test that says it is one; exit 1 unless it was delivered')
    .addArgument(group.createArgument('<channel>').choices([...CHANNELS]))
    .addOption(new Option('--tier <tier>', 'whose address').choices([...TIERS]).default('on_call'))
    .action(run<[ChannelName], TestOptions>(testChannel));
}

async function list(context: CommandContext, _: [], { status, level, limit }: ListOptions): Promise<number> {
  await using fleet = await context.fleet();
  const items = await fleet.operations.listEscalations({
    limit,
    ...(status === undefined ? {} : { status }),
    ...(level === undefined ? {} : { level }),
  });
  context.out.result(items, () => (items.length === 0 ? ['no escalations'] : tableOf(items, context)));
  return EXIT.ok;
}

async function show(context: CommandContext, [id]: [string]): Promise<number> {
  await using fleet = await context.fleet();
  const escalation = await fleet.operations.getEscalation(id);
  context.out.result(escalation, () => linesOf(escalation));
  return EXIT.ok;
}

async function acknowledge(
  context: CommandContext,
  [id]: [string],
  { human, notes }: PersonOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const answer = await fleet.operations.acknowledgeEscalation(id, personOf(human, notes), LOCAL_OPERATOR);
  const { already_acknowledged_by: first } = answer;
  context.out.result(answer, () => [
    first === null
      ? `${id} is yours: nobody else is called`
      : `${id} was taken by ${printable(first)} already`,
  ]);
  return EXIT.ok;
}

async function resolve(
  context: CommandContext,
  [id]: [string],
  { human, notes }: PersonOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const answer = await fleet.operations.resolveEscalation(id, personOf(human, notes), LOCAL_OPERATOR);
  context.out.result(answer, () => [`${id} is resolved`]);
  return EXIT.ok;
}

/** A page that was sent twice has one key, and is shown once. */
async function alerts(context: CommandContext, _: [], { limit, follow }: AlertOptions): Promise<number> {
  await using fleet = await context.fleet();
  const shown = new Set<string>();
  let after: string | undefined;
  for (;;) {
    const entries = await fleet.operations.listSafetyAlerts({
      limit,
      ...(after === undefined ? {} : { after }),
    });
    for (const entry of entries) {
      after = entry.id;
      const key = entry.data['idempotency_key'];
      if (typeof key === 'string' && shown.has(key)) continue;
      if (typeof key === 'string') shown.add(key);
      context.out.item(entry, consoleLine(entry));
    }
    if (follow !== true || context.signal.aborted) return EXIT.ok;
    await sleep(FOLLOW_EVERY_MS, context.signal).catch(() => undefined);
    if (context.signal.aborted) return EXIT.ok;
  }
}

async function testChannel(
  context: CommandContext,
  [channel]: [ChannelName],
  { tier }: TestOptions,
): Promise<number> {
  await using fleet = await context.fleet();
  const answer = await fleet.operations.testChannel(channel, { tier });
  context.out.result(answer, () => {
    if (answer.outcome === 'skipped') return [`${channel} is not set up (safety.channels.${channel})`];
    const took = `${answer.response_time_ms} ms`;
    return answer.outcome === 'delivered'
      ? [`${channel} delivered to ${printable(answer.recipient_masked)} in ${took}`]
      : [`${channel} failed after ${took}: ${printable(answer.error ?? '')}`];
  });
  return answer.outcome === 'delivered' ? EXIT.ok : EXIT.failure;
}

function personOf(human: string, notes: string | undefined) {
  return { human_id: human, ...(notes === undefined ? {} : { notes }) };
}

function tableOf(items: readonly Escalation[], { out }: CommandContext): string[] {
  return renderTable(
    [
      { header: 'escalation' },
      { header: 'level' },
      { header: 'types', isFlexible: true },
      { header: 'status' },
      { header: 'tier' },
      { header: 'who' },
      { header: 'since (UTC)' },
    ],
    items.map((one) => [
      one.escalation_id,
      one.crisis_level,
      one.crisis_types.join(' ') || one.escalation_type,
      one.status,
      one.repeats === 0 ? one.tier : `${one.tier} +${one.repeats}`,
      one.assigned_human ?? '-',
      one.created_at.slice(5, 19).replace('T', ' '),
    ]),
    { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
  );
}

function linesOf(one: Escalation): string[] {
  const line = (label: string, value: string | number | null): string =>
    `${label.padEnd(16)}${value === null ? '-' : printable(String(value))}`;
  return [
    line('escalation', one.escalation_id),
    line('intervention', one.intervention_id),
    line('session', one.session_id),
    line('level', one.crisis_level),
    line('types', one.crisis_types.join(', ') || one.escalation_type),
    line('status', one.status),
    line('tier', one.repeats === 0 ? one.tier : `${one.tier}, again (${one.repeats})`),
    line('since', one.created_at),
    line('next at', one.ack_deadline_at),
    line('taken by', one.assigned_human),
    line('notes', one.response_notes),
    'told',
    ...one.notifications.map(
      ({ at, tier, channel, outcome, attempt, recipient_masked: to, error }) =>
        `  ${at}  ${tier}  ${channel} ${outcome} (attempt ${attempt}) ${printable(to)}${error === undefined ? '' : `: ${printable(error)}`}`,
    ),
  ];
}

function consoleLine({ at, kind, data }: SafetyConsoleEntry): string {
  const text = (name: string): string => (typeof data[name] === 'string' ? printable(data[name]) : '');
  const id = text('escalation_id') || text('intervention_id');
  const what = kind === 'page' ? text('subject') : `${text('severity')}: ${text('alert_type')}`;
  return `${at}  ${kind.padEnd(5)}  ${what}  ${id}`;
}
