import { InvalidArgumentError, Option } from 'commander';
import { LOCAL_OPERATOR } from '../../contracts/caller.ts';
import { FleetError } from '../../kernel/errors.ts';
import type { Engine, PlanSummary } from '../../runtime/open-plans.ts';
import { usageError, type CommandContext } from '../context.ts';
import { withOwnRedis } from '../embedded.ts';
import { EXIT, exitCodeOfRun } from '../exit-codes.ts';
import { awaitRun } from '../follow.ts';
import { readJsonInput, wholeNumber } from '../input-values.ts';
import { durableDocument, inProcessDocument, type PlanRunDocument } from '../plan-run.ts';
import type { CliOperations } from '../ports.ts';
import type { Register } from '../program.ts';
import { renderTable } from '../render/table.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 3_600_000;
/** What a fleet may take to say that a run has timed out. */
const GRACE_MS = 10_000;

interface GraphOptions {
  readonly format: 'json' | 'mermaid';
  readonly check?: true;
}

interface RunOptions {
  readonly engine: Engine;
  readonly input: string;
  readonly correlationId?: string;
  readonly timeout?: number;
  readonly trace?: true;
  readonly embedded?: true;
}

export const registerPrimitives: Register = (program, run) => {
  const group = program
    .command('primitives')
    .description('plans made of primitives: list, draw and run them');
  group
    .command('list')
    .description('every workflow with its nodes by kind and the engines that can run it')
    .action(run<[], object>(list));
  group
    .command('graph')
    .description('draw the plan of a workflow')
    .argument('<name>')
    .addOption(new Option('--format <format>', 'how').choices(['json', 'mermaid']).default('mermaid'))
    .option('--check', 'exit 1 when something in it will be regretted; says what on stderr')
    .action(run<[string], GraphOptions>(graph));
  group
    .command('run')
    .description('run a workflow once and print how it went as one JSON document')
    .argument('<name>')
    .addOption(
      new Option('--engine <engine>', 'here and now, or as jobs of a fleet')
        .choices(['in-process', 'durable'])
        .default('in-process'),
    )
    .option('--input <json>', 'JSON, @file, or - for standard input', '{}')
    .option('--correlation-id <id>', 'in every log line and job of the run', correlationId)
    .option('--timeout <ms>', "limit of the run; default the workflow's own", wholeNumber(1, MAX_TIMEOUT_MS))
    .option('--trace', 'with every step of the run')
    .option('--embedded', 'on a private Redis and fleet, which end with the run')
    .action(run<[string], RunOptions>(runPlan));
  group
    .command('bench')
    .description(
      'what telemetry costs plans in process, measured off and on in turn; exit 1 beyond the limit',
    )
    .option('--rounds <n>', 'pairs of measurements of each plan', wholeNumber(1, 1000), 30)
    .action(run<[], { readonly rounds: number }>(bench));
};

async function list(context: CommandContext): Promise<number> {
  const plans = (await context.ports.openPlans(context.loadConfig())).list();
  const documents = plans.map(({ needsRedis, ...plan }) => ({ ...plan, needs_redis: needsRedis }));
  context.out.result({ primitives: documents }, () => tableOf(context, plans));
  return EXIT.ok;
}

function tableOf({ out }: CommandContext, plans: readonly PlanSummary[]): string[] {
  return renderTable(
    [
      { header: 'name' },
      { header: 'version', align: 'right' },
      { header: 'nodes', isFlexible: true },
      { header: 'engines' },
    ],
    plans.map(({ name, version, kinds, engines, needsRedis }) => [
      name,
      version,
      Object.entries(kinds)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', '),
      engines.join(', ') + (needsRedis ? ' (needs Redis)' : ''),
    ]),
    { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
  );
}

async function graph(context: CommandContext, [name]: [string], options: GraphOptions): Promise<number> {
  const { out } = context;
  const { drawn, mermaid } = (await context.ports.openPlans(context.loadConfig())).graph(name);
  const document = options.format === 'json' ? drawn : { mermaid, notes: drawn.notes };
  out.result(document, () => [options.format === 'json' ? JSON.stringify(drawn, null, 2) : mermaid]);
  if (options.check !== true) return EXIT.ok;
  for (const { path, rule, message } of drawn.notes)
    out.warn(`${path === '' ? name : path}: ${rule}: ${message}`);
  return drawn.notes.length === 0 ? EXIT.ok : EXIT.failure;
}

async function runPlan(context: CommandContext, [name]: [string], options: RunOptions): Promise<number> {
  if (options.embedded === true && context.globals.apiUrl !== undefined) {
    throw usageError('--embedded brings a fleet of its own, and --api-url names another one');
  }
  const input = await readJsonInput(options.input, context.stdin);
  const document =
    options.engine === 'durable'
      ? await runDurably(context, name, input, options)
      : await runHere(context, name, input, options);
  const { trace, ...rest } = document;
  const shown = options.trace === true ? { ...rest, trace } : rest;
  context.out.result(shown, () => [JSON.stringify(shown, null, 2)]);
  return context.signal.aborted ? EXIT.interrupted : exitCodeOfRun(document.status);
}

async function runHere(
  context: CommandContext,
  name: string,
  input: unknown,
  { correlationId: id, timeout, embedded }: RunOptions,
): Promise<PlanRunDocument> {
  const { ports, signal, out } = context;
  const options = {
    signal,
    ...(id === undefined ? {} : { correlationId: id }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  };
  if (embedded === true) {
    return withOwnRedis(context, async (config) => {
      const plans = await ports.openPlans(config);
      return inProcessDocument(await plans.runInProcess(name, input, options));
    });
  }
  const known = (await ports.openPlans(context.loadConfig())).list();
  const needsRedis = known.some((plan) => plan.name === name && plan.needsRedis);
  if (needsRedis)
    out.note(`${name} keeps its budget in Redis, also in process; --embedded brings a private one`);
  const config = needsRedis ? await context.loadConfigWithRedis() : context.loadConfig();
  const plans = await ports.openPlans(config);
  return inProcessDocument(await plans.runInProcess(name, input, options));
}

async function runDurably(
  context: CommandContext,
  name: string,
  input: unknown,
  options: RunOptions,
): Promise<PlanRunDocument> {
  if (options.embedded === true) {
    return withOwnRedis(context, async (config) => {
      context.signal.throwIfAborted();
      const fleet = await context.ports.startDevFleet(config, {});
      try {
        return await runOn(fleet.operations, context, name, input, options);
      } finally {
        await fleet.stop();
      }
    });
  }
  await using fleet = await context.fleet();
  if (fleet.via === 'api' && options.correlationId !== undefined) {
    throw usageError('--correlation-id works only directly at Redis; an API chooses its own');
  }
  return await runOn(fleet.operations, context, name, input, options);
}

async function runOn(
  operations: CliOperations,
  { signal, out }: CommandContext,
  name: string,
  input: unknown,
  { correlationId: requestId, timeout }: RunOptions,
): Promise<PlanRunDocument> {
  const request = { input, wait_ms: 0, ...(timeout === undefined ? {} : { timeout_s: timeout / 1000 }) };
  const submitted = await operations.startRun(name, request, LOCAL_OPERATOR, {
    signal,
    ...(requestId === undefined ? {} : { requestId }),
  });
  const runId = submitted.done ? submitted.response.workflow_metadata.run_id : submitted.accepted.run_id;
  if (runId === null) {
    const message = 'the input is a line that was answered itself: no run was started';
    throw new FleetError({ code: 'text_answered', kind: 'conflict', message, retryable: false });
  }
  out.note(`run ${runId}`);
  const timeoutMs = (timeout ?? DEFAULT_TIMEOUT_MS) + GRACE_MS;
  return durableDocument(await awaitRun(operations, runId, { timeoutMs, signal }));
}

async function bench(
  { out, ports, signal }: CommandContext,
  _args: [],
  { rounds }: { readonly rounds: number },
): Promise<number> {
  out.note('measuring: about half a minute');
  const report = await ports.benchPrimitives({ rounds, signal });
  const { machine, shapes, noop, ok } = report;
  out.result(report, () => [
    `${machine.cores} cores (${machine.processor}), node ${machine.node}, ${rounds} rounds each`,
    '',
    ...renderTable(
      [
        { header: 'plan' },
        { header: 'off p50 ms', align: 'right' },
        { header: 'p95', align: 'right' },
        { header: 'on p50 ms', align: 'right' },
        { header: 'p95', align: 'right' },
        { header: 'ratio', align: 'right' },
        { header: 'added CPU ms', align: 'right' },
      ],
      shapes.map(({ name, off, on, ratio, addedCpu }) => [
        name,
        off.median,
        off.p95,
        on.median,
        on.p95,
        ratio,
        addedCpu,
      ]),
      { width: out.width },
    ),
    '',
    `a node that does nothing, CPU µs off and on: fn ${noop.fn.off}, ${noop.fn.on}; step ${noop.step.off}, ${noop.step.on}`,
    ok
      ? 'within the limit of 1.1'
      : 'beyond the limit of 1.1: slower than telemetry may make it, or a busy machine',
  ]);
  return ok ? EXIT.ok : EXIT.failure;
}

function correlationId(text: string): string {
  if (/^[\w.-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError('expected 1 to 128 letters, digits, ".", "_" or "-".');
}
