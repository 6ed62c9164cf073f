import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import * as coordination from '../../src/entries/coordination.ts';
import * as resilience from '../../src/entries/coordination-resilience.ts';

// The reference of the coordination package: every name that it exports, as its source declares and describes it.

const ROOT = join(import.meta.dirname, '../..');

const ENTRIES = [
  { path: 'src/entries/coordination.ts', subpath: 'tta-agent-fleet/coordination', values: coordination },
  {
    path: 'src/entries/coordination-resilience.ts',
    subpath: 'tta-agent-fleet/coordination/resilience',
    values: resilience,
  },
] as const;

export interface ExportedName {
  readonly name: string;
  readonly file: string;
  readonly group: string;
}

const EXPORT = /^\/\/ (.+)\.$|^export (?:type )?\{([^}]+)\} from '([^']+)';/gm;

/** What an entry exports, in its order. */
export function exportsOf(entry: string): ExportedName[] {
  const names: ExportedName[] = [];
  let group = '';
  for (const [, title, list, from] of readFileSync(join(ROOT, entry), 'utf8').matchAll(EXPORT)) {
    if (title !== undefined) group = title;
    for (const part of list?.split(',') ?? []) {
      const name = part.replace(/\btype\b/, '').trim();
      if (name !== '') names.push({ name, group, file: join(dirname(entry), from!) });
    }
  }
  return names;
}

export function renderCoordinationApi(): string {
  const parts = ENTRIES.map(({ path, subpath, values }) => {
    const names = exportsOf(path);
    const groups = [...new Set(names.map(({ group }) => group))];
    return [
      `## \`${subpath}\``,
      ...groups.flatMap((group) => [
        `### ${group}`,
        ...names.filter((name) => name.group === group).map((name) => entryOf(name, values)),
      ]),
    ].join('\n\n');
  });
  return `${HEAD}\n\n${parts.join('\n\n')}\n\n${errors()}\n`;
}

const HEAD = `# The coordination package, name by name

Written by \`npm run docs\` from the source. The guide is [README.md](README.md); what parts do and promise is in
[coordination.md](../coordination.md), [capabilities.md](../capabilities.md) and [circuit-breakers.md](../circuit-breakers.md).
Where a name is a schema, it is a zod schema and a type at once: \`AgentMessage.parse(value)\`.`;

function entryOf({ name, file }: ExportedName, values: Readonly<Record<string, unknown>>): string {
  const declared = declarationsOf(readFileSync(join(ROOT, file), 'utf8'), name);
  const text = [`#### \`${name}\``];
  const comment = declared.map((one) => one.comment).find((found) => found !== '');
  if (comment !== undefined) text.push(comment);
  const value = values[name];
  if (value instanceof z.ZodType) {
    text.push(fieldsOf(value, declared.map(({ code }) => code).join('\n')));
  } else {
    text.push(['```ts', ...declared.map(({ code }) => code), '```'].join('\n'));
  }
  return text.join('\n\n');
}

interface Declaration {
  readonly comment: string;
  readonly code: string;
}

function declarationsOf(source: string, name: string): Declaration[] {
  const lines = source.split('\n');
  const found: Declaration[] = [];
  for (const [at, line] of lines.entries()) {
    const match = /^export (?:abstract )?(const|class|interface|type|(?:async )?function) (\w+)/.exec(line);
    if (match?.[2] !== name) continue;
    const body = lines.slice(at, endOf(lines, at) + 1);
    const code = match[1] === 'class' ? publicPart(body) : withoutBody(body, match[1]!);
    found.push({
      comment: commentAbove(lines, at),
      code: code
        .join('\n')
        .replace(/^export /, '')
        .replaceAll(/\{@link (\w+)\}/g, '$1'),
    });
  }
  if (found.length === 0) throw new Error(`${name} is exported, but its declaration was not found`);
  return found;
}

/** Declarations of this house end with the first line that is not indented and closes them. */
function endOf(lines: readonly string[], start: number): number {
  if (/[;}]$/.test(lines[start]!) && !lines[start]!.endsWith('{}')) return start;
  const end = lines.findIndex(
    (line, at) => at > start && /^(?:[}\])].*|\S.*;|  \|.*;|  .*;)$/.test(line) && isEnd(line, lines[start]!),
  );
  return end === -1 ? start : end;
}

function isEnd(line: string, first: string): boolean {
  const isBlock = ['{', '(', '['].some((bracket) => first.endsWith(bracket));
  return isBlock ? /^[}\])]/.test(line) && !line.endsWith('{') : line.endsWith(';');
}

/** Of a function its signature; of a constant its beginning. */
function withoutBody(body: readonly string[], kind: string): string[] {
  if (kind.endsWith('function')) {
    const end = body.findIndex((line) => line.endsWith('{'));
    return body.slice(0, end + 1).map((line, at) => (at === end ? line.replace(/ \{$/, ';') : line));
  }
  return [...body];
}

/** Of a class what others may call, without how it is done. */
function publicPart(body: readonly string[]): string[] {
  const kept = [body[0]!];
  let comment: string[] = [];
  for (let at = 1; at < body.length - 1; at += 1) {
    const line = body[at]!;
    if (/^  (?:\/\*\*| \*)/.test(line)) {
      if (line.startsWith('  /**')) comment = [];
      comment.push(line);
      continue;
    }
    if (!/^  [a-z[]/.test(line) || /^  (?:private |readonly #)/.test(line)) {
      if (line !== '') comment = [];
      continue;
    }
    if (/^  (?:readonly )?\w+(?:: [^=(]+)? = /.test(line)) {
      kept.push(...comment, line.replace(/ = .*/, ';'));
      comment = [];
      continue;
    }
    const signature = [line.replace(/^  async /, '  ')];
    while (!/[{;]$/.test(signature.at(-1)!) && at < body.length - 1) signature.push(body[(at += 1)]!);
    const last = signature.pop()!;
    kept.push(...comment, ...signature, last.replace(/ \{$/, ';'));
    comment = [];
  }
  return [...kept, '}'];
}

function commentAbove(lines: readonly string[], at: number): string {
  if (!lines[at - 1]?.endsWith('*/')) return '';
  let start = at - 1;
  while (!lines[start]!.startsWith('/**')) start -= 1;
  return lines
    .slice(start, at)
    .map((line) => line.replace(/^\/\*\*\s?|\s?\*\/$/g, '').replace(/^ \* ?/, ''))
    .join('\n')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/^(\s*)@param (\w+) +/gm, '- `$2`: ')
    .replaceAll(/^(\s*)@returns? +/gm, '- returns ')
    .trim();
}

interface JsonSchema {
  readonly [key: string]: unknown;
  readonly type?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** The fields of a schema with what they take, or the schema itself where it is a single value. */
function fieldsOf(schema: z.ZodType, code: string): string {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const { properties, required = [] } = json;
  if (properties === undefined) return `Takes ${takenBy(json)}.`;
  const rows = Object.entries(properties).map(([field, own]) => {
    const preset =
      'default' in own
        ? `\`${JSON.stringify(own['default'])}\``
        : required.includes(field)
          ? 'required'
          : '–';
    return `| \`${field}\` | ${takenBy(own)} | ${preset} | ${meaningOf(field, code)} |`;
  });
  return ['| field | takes | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The comment right above a field. */
function meaningOf(field: string, code: string): string {
  const match = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*${field}:`).exec(code);
  const text = match?.[1]?.replaceAll(/\n\s*\*/g, ' ') ?? '';
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
}

function takenBy(json: JsonSchema): string {
  const { type, $ref, const: constant, anyOf, pattern, items, minimum, maximum } = json;
  const { minLength, maxLength, maxItems, exclusiveMinimum } = json;
  if (typeof $ref === 'string') return `\`${$ref.split('/').at(-1)}\``;
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (Array.isArray(json['enum'])) return json['enum'].map((one) => `\`${JSON.stringify(one)}\``).join(', ');
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map(takenBy).join(' or ');
  const limits = [
    minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER ? `from ${minimum}` : '',
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER ? `to ${maximum}` : '',
    minLength === undefined ? '' : `at least ${minLength} characters`,
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    maxItems === undefined ? '' : `at most ${maxItems}`,
    pattern === undefined ? '' : `\`${pattern.replaceAll('|', '\\|')}\``,
  ].filter((limit) => limit !== '');
  const what = items === undefined ? (type ?? 'any value') : `array of ${takenBy(items as JsonSchema)}`;
  return [
    json.properties === undefined
      ? what
      : `object: ${Object.keys(json.properties)
          .map((key) => `\`${key}\``)
          .join(', ')}`,
    ...limits,
  ].join(' ');
}

/** Rows of docs/errors.md whose codes the package may throw. */
function errors(): string {
  const rows = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').split('\n');
  const wanted = CODES.map((code) => rows.find((row) => row.startsWith(`| \`${code}\` |`)) ?? missing(code));
  return [
    '## Errors',
    '',
    'Every error is a `FleetError` with `code`, `kind`, `retryable` and perhaps `retryAfterMs`, `details` and `problems`. Recognise it',
    'with `isFleetError` and its code. None holds a value of a payload.',
    '',
    '| code | kind | HTTP | what it means | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...wanted.map((row) => row.replaceAll(/\]\((?!https?:|#)/g, '](../')),
  ].join('\n');
}

const CODES = [
  'validation',
  'redis_unavailable',
  'coordination_closed',
  'permanent_failure',
  'request_unanswered',
  'request_not_sent',
  'agent_instance_conflict',
  'agent_not_registered',
  'agent_not_found',
  'answer_not_sent',
  'script_failed',
  'semantic_score_invalid',
  'agent_not_alive',
  'component_not_found',
  'circuit_open',
  'circuit_stopped',
  'circuit_config_invalid',
  'circuit_config_conflict',
  'call_timeout',
  'backend_unavailable',
];

function missing(code: string): never {
  throw new Error(`${code} is not in docs/errors.md`);
}
