import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Option } from 'commander';
import { z } from 'zod';
import { SafetyContext, Stage } from '../../contracts/safety.ts';
import { FleetError, isFleetError } from '../../kernel/errors.ts';
import type { EvaluationReport, Half, Share } from '../../runtime/open-safety.ts';
import type { CommandContext } from '../context.ts';
import { usageError } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { share } from '../input-values.ts';
import type { Register } from '../program.ts';
import { renderTable } from '../render/table.ts';
import { registerSafetyRules } from './safety-rules.ts';
import { registerInterventions } from './safety-interventions.ts';
import { registerSafetyPeople } from './safety-people.ts';

const SHOWN_ERRORS = 50;
const SHOWN_TEXT = 100;

const TestLine = z.strictObject({
  text: z.string(),
  context: SafetyContext.optional(),
  stage: Stage.optional(),
});

const LOCALES = ['en', 'es'] as const;
type Locale = (typeof LOCALES)[number];

interface TestOptions {
  readonly locale: Locale;
}

interface EvalOptions {
  readonly dataset: string;
  readonly half: Half;
  readonly locale: Locale;
  readonly minSensitivity?: number;
  readonly minSpecificity?: number;
}

export const registerSafety: Register = (program, run) => {
  const group = program.command('safety').description('what texts say about the one who wrote them');
  group
    .command('test')
    .description('judge a text, or one {"text": …, "context"?: …} per line; one result each, in order')
    .argument('<input>', 'a text, a file of lines, or - for lines on standard input')
    .addOption(localeOption())
    .action(run<[string], TestOptions>(test));
  group
    .command('eval')
    .description('score a labelled set; exit 1 below the limits')
    .requiredOption('--dataset <file>', 'lines of {text, crisis, type, level, tags}')
    .addOption(new Option('--half <half>', 'which lines').choices(['dev', 'kept', 'all']).default('all'))
    .addOption(localeOption())
    .option('--min-sensitivity <share>', 'share of crises that must be found', share)
    .option('--min-specificity <share>', 'share of the others that must be left alone', share)
    .action(run<[], EvalOptions>(evaluate));
  group
    .command('check-rules')
    .description('every fault of a rules document; exit 1 when there is one')
    .argument('<file>')
    .action(run<[string], object>(checkRules));
  registerSafetyRules(group, run);
  registerInterventions(group, run);
  registerSafetyPeople(group, run);
};

function localeOption(): Option {
  return new Option('--locale <locale>', 'whose words').choices(LOCALES).default('en');
}

/** A line that cannot be judged is answered with its error and stops nothing. */
async function test(context: CommandContext, [input]: [string], { locale }: TestOptions): Promise<number> {
  const tools = await context.ports.openSafety(locale);
  let hasBadLine = false;
  for await (const { line, number } of givenLines(context, input)) {
    const read = readLine(line, TestLine);
    if (!read.ok) {
      hasBadLine = true;
      const { error } = read;
      context.out.item({ error, line: number }, `line ${number}: ${error}`);
      continue;
    }
    try {
      const { text, ...options } = read.value;
      const result = tools.judge(text, defined(options));
      const types = result.crisis_types.join(' ');
      context.out.item(result, types === '' ? result.level : `${result.level}, crisis: ${types}`);
    } catch (error) {
      if (!isFleetError(error)) throw error;
      hasBadLine = true;
      context.out.item({ error: error.message, line: number }, `line ${number}: ${error.message}`);
    }
  }
  return hasBadLine ? EXIT.usage : EXIT.ok;
}

/** What is neither `-` nor a file is a text by itself. */
function givenLines(context: CommandContext, input: string): AsyncIterable<NumberedLine> {
  if (input === '-' || existsSync(input)) return linesOf(context, input);
  return Readable.from([{ line: JSON.stringify({ text: input }), number: 1 }]);
}

async function evaluate(context: CommandContext, _args: [], options: EvalOptions): Promise<number> {
  const tools = await context.ports.openSafety(options.locale);
  const lines = [];
  for await (const { line, number } of linesOf(context, options.dataset)) {
    const read = readLine(line, tools.labelledLine);
    if (!read.ok) throw usageError(`${options.dataset}, line ${number}: ${read.error}`);
    if (tools.isOfHalf(read.value.text, options.half)) lines.push(read.value);
  }
  const report = tools.evaluate(lines);
  context.out.result(report, () => renderReport(report, context));
  const isBelow = ({ share: reached }: Share, least: number | undefined): boolean =>
    least !== undefined && (reached === null || reached < least);
  return isBelow(report.sensitivity, options.minSensitivity) ||
    isBelow(report.specificity, options.minSpecificity)
    ? EXIT.failure
    : EXIT.ok;
}

async function checkRules({ ports, out }: CommandContext, [file]: [string]): Promise<number> {
  try {
    const { version } = (await ports.openSafety()).checkRules(file);
    out.result({ valid: true, errors: [], rules_version: version }, [`rules ok: version ${version}`]);
    return EXIT.ok;
  } catch (error) {
    if (!isFleetError(error) || error.problems === undefined) throw error;
    const errors = error.problems;
    out.result({ valid: false, errors }, () => errors.map(({ path, message }) => `${path}: ${message}`));
    return EXIT.failure;
  }
}

interface NumberedLine {
  readonly line: string;
  readonly number: number;
}

async function* linesOf({ stdin }: CommandContext, file: string): AsyncGenerator<NumberedLine> {
  const input = file === '-' ? Readable.from(stdin) : createReadStream(file);
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (line.trim() !== '') yield { line, number };
    }
  } catch (cause) {
    throw new FleetError({
      code: 'input_unreadable',
      kind: 'invalid_input',
      message: `cannot read the input file "${file}"`,
      cause,
    });
  }
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** The error names what is wrong and never the text. */
function readLine<S extends z.ZodType>(line: string, schema: S): Read<z.output<S>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, error: 'is not JSON' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, error: `${issue!.path.join('.') || 'line'}: ${issue!.message}` };
}

function defined(options: { context?: SafetyContext | undefined; stage?: Stage | undefined }) {
  return {
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.stage === undefined ? {} : { stage: options.stage }),
  };
}

function renderReport(report: EvaluationReport, { out }: CommandContext): string[] {
  const { confusion: found } = report;
  const shares: [string, Share][] = [
    ['sensitivity', report.sensitivity],
    ['specificity', report.specificity],
    ['level', report.level_accuracy],
    ['type', report.type_accuracy],
    ...Object.entries(report.by_type).map(([type, value]): [string, Share] => [`  ${type}`, value]),
    ...Object.entries(report.by_tag).flatMap(([tag, { crisis, level }]): [string, Share][] => [
      [`  #${tag}`, crisis],
      [`  #${tag}, level`, level],
    ]),
  ];
  return [
    `${report.lines} lines: ${found.true_positive} crises found, ${found.false_negative} missed; ${found.true_negative} others left alone, ${found.false_positive} taken for a crisis`,
    '',
    ...renderTable(
      [
        { header: '' },
        { header: 'right', align: 'right' },
        { header: 'of', align: 'right' },
        { header: 'share', align: 'right' },
        { header: '95 % interval', align: 'right' },
      ],
      shares.map(([name, { hits, of, share: reached, low, high }]) => [
        name,
        String(hits),
        String(of),
        reached === null ? '–' : reached.toFixed(3),
        low === null || high === null ? '–' : `${low.toFixed(3)} to ${high.toFixed(3)}`,
      ]),
      { width: out.width },
    ),
    '',
    ...Object.entries(report.ppv).map(
      ([prevalence, value]) =>
        `worth of a finding where ${Number(prevalence) * 100} % are a crisis: ${value === null ? '–' : value.toFixed(3)}`,
    ),
    ...report.errors
      .slice(0, SHOWN_ERRORS)
      .map(
        ({ text, expected, found: got }) =>
          `expected ${expected}, found ${got}: ${text.slice(0, SHOWN_TEXT)}`,
      ),
  ];
}
