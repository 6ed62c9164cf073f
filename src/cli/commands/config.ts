import { describeConfig, effectiveConfig, type EffectiveRow } from '../../../config/describe.ts';
import { FleetError } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { renderTable } from '../render/table.ts';
import { wrap } from '../render/text.ts';

export const registerConfig: Register = (program, run) => {
  const group = program.command('config').description('the configuration this machine would start with');
  group
    .command('check')
    .description('list every problem; exit 78 when there is one')
    .action(run<[], object>(check));
  group
    .command('show')
    .description('every key with its value and where it came from; secrets are hidden')
    .action(run<[], object>(show));
  group
    .command('explain')
    .description('one key, or all keys below a section')
    .argument('<key>')
    .action(run<[string], object>(explain));
};

/** A wrong configuration throws and is reported like any other error, with 78. */
async function check(context: CommandContext): Promise<number> {
  const config = context.loadConfig();
  context.noteWarnings(config);
  const rows = effectiveConfig(config);
  const set = rows.filter((row) => row.source !== 'default' && row.source !== 'profile');
  context.out.result(
    { ok: true, environment: config.environment, keys: rows.length, set: set.map(rowDocument) },
    [`configuration ok: environment ${config.environment}, ${set.length} of ${rows.length} keys set`],
  );
  return EXIT.ok;
}

async function show(context: CommandContext): Promise<number> {
  const { out } = context;
  const config = context.loadConfig();
  context.noteWarnings(config);
  const rows = effectiveConfig(config);
  out.result(rows.map(rowDocument), () =>
    renderTable(
      [{ header: 'key' }, { header: 'value', isFlexible: true }, { header: 'from' }],
      rows.map((row) => [row.key, valueText(row.value), row.origin ?? row.source]),
      {
        width: out.width,
        style: (line, i) => {
          if (i < 0) return out.paint.bold(line);
          return rows[i]!.source === 'default' ? out.paint.dim(line) : line;
        },
      },
    ),
  );
  return EXIT.ok;
}

async function explain(context: CommandContext, [name]: [string]): Promise<number> {
  const { out } = context;
  const known = describeConfig();
  const chosen = known.filter(({ key }) => key === name || key.startsWith(`${name}.`));
  if (chosen.length === 0)
    throw unknownKey(
      name,
      known.map(({ key }) => key),
    );
  const values = new Map(effectiveConfig(context.loadConfig()).map((row) => [row.key, row]));
  const entries = chosen.map((entry) => ({ ...entry, ...rowDocument(values.get(entry.key)!) }));
  out.result(entries.length === 1 ? entries[0] : entries, () =>
    entries.flatMap((entry) => [
      out.paint.bold(entry.key),
      ...wrap(entry.description, out.textWidth, '  '),
      `  expected  ${entry.expected}`,
      `  default   ${valueText(entry.default)}`,
      `  value     ${valueText(entry.value)} (from ${entry.source})`,
      `  variable  ${entry.env}`,
    ]),
  );
  return EXIT.ok;
}

function rowDocument({ key, value, source, origin }: EffectiveRow) {
  return { key, value, source: origin ?? source };
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function unknownKey(name: string, known: readonly string[]): FleetError {
  const sections = known.flatMap((key) =>
    key.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.')),
  );
  const suggestion = nearest(name, new Set(sections));
  return new FleetError({
    code: 'config_key_not_found',
    kind: 'not_found',
    message: `there is no key or section "${name}"${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`,
  });
}
