import { describe, expect, test } from 'vitest';
import { ERROR_KINDS, KIND_REACTIONS } from '../../src/kernel/error-kinds.ts';
import { errorCodesOf, type ErrorCodes } from './error-codes.ts';
import { readDoc, tables } from './markdown.ts';
import { productFiles } from './source.ts';

/** They hand on codes that others chose: the API's answer, what a plan or a cache recorded, the fault a demo asked for, an item of a bulk. */
const PASS_CODES_ON = [
  'src/cli/remote-operations.ts',
  'src/primitives/cache/entry.ts',
  'src/primitives/primitive-error.ts',
  'src/resilience/retry.ts',
  'src/runtime/dev-fleet.ts',
  'src/runtime/operations/bulk-start.ts',
];

interface DocumentedCode {
  readonly code: string;
  readonly kinds: string;
  readonly statuses: string;
  readonly isComplete: boolean;
}

function documentedCodes(markdown: string): DocumentedCode[] {
  return tables(markdown)
    .filter(({ head }) => head.join() === 'code,kind,HTTP,what it means,what to do')
    .flatMap(({ rows }) => rows)
    .map(([code = '', kinds = '', statuses = '', meaning = '', remedy = '']) => {
      return { code, kinds, statuses, isComplete: meaning !== '' && remedy !== '' };
    });
}

function disagreements(codes: ErrorCodes, markdown: string): string[] {
  const documented = new Map(documentedCodes(markdown).map((row) => [row.code, row]));
  const made = new Set(codes.uses.map(({ code }) => code));
  const complaints = [...documented.keys()]
    .filter((code) => !made.has(code))
    .map((code) => `${code}: nothing fails so`);
  for (const code of made) {
    const row = documented.get(code);
    const uses = codes.uses.filter((use) => use.code === code && use.kind !== null);
    const kinds = listed(uses.map(({ kind }) => kind));
    const statuses = listed(uses.map(({ status }) => status));
    if (row === undefined) complaints.push(`${code}: not documented`);
    else if (!row.isComplete) complaints.push(`${code}: says not what it means, or not what to do`);
    else if (row.kinds !== kinds || row.statuses !== statuses) {
      complaints.push(`${code}: is ${kinds} (${statuses}), documented as ${row.kinds} (${row.statuses})`);
    }
  }
  return complaints;
}

function listed(values: readonly (string | number | null)[]): string {
  return [...new Set(values.map(String))].sort().join(', ') || '–';
}

const errorsDoc = readDoc('docs/errors.md');
const product = errorCodesOf(productFiles());

test('every code is documented with its kind and status, and no code is documented that nothing uses', () => {
  expect(disagreements(product, errorsDoc)).toEqual([]);
  expect(product.uses.length).toBeGreaterThan(70);
});

test('no code is documented twice', () => {
  const codes = documentedCodes(errorsDoc).map(({ code }) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test('every code can be read from the source, except where codes of others are handed on', () => {
  expect(product.unreadable.toSorted()).toEqual(PASS_CODES_ON);
});

test('every kind is documented with its statuses and its exit code', () => {
  const rows = tables(errorsDoc)
    .filter(({ head }) => head[0] === 'kind')
    .flatMap((table) => table.rows);
  const documented = rows.flatMap(([kinds = '', statuses = '', , exitCode = '']) => {
    return (kinds.match(/\w+/g) ?? []).map((kind) => ({ kind, statuses, exitCode: Number(exitCode) }));
  });
  expect(documented.map(({ kind }) => kind)).toEqual([...ERROR_KINDS]);
  for (const kind of ERROR_KINDS) {
    const row = documented.find((candidate) => candidate.kind === kind)!;
    expect(row.exitCode, kind).toBe(KIND_REACTIONS[kind].exitCode);
    const used = product.uses.filter((use) => use.kind === kind).map((use) => use.status);
    for (const status of [KIND_REACTIONS[kind].httpStatus, ...used])
      expect(row.statuses, kind).toContain(String(status));
  }
});

test('the codes of the client are documented in capitals', () => {
  const documented = tables(errorsDoc)
    .filter(({ head }) => head.join() === 'code,what it means,what to do')
    .flatMap(({ rows }) => rows.map(([code = '']) => code));
  expect(documented.toSorted()).toEqual([...new Set(product.clientCodes)].sort());
});

describe('the rule notices', () => {
  const HEAD = '| code | kind | HTTP | what it means | what to do |\n| --- | --- | --- | --- | --- |\n';
  const KNOWN = `${HEAD}| \`a\` | conflict | 409 | means | do |\n`;

  test.for([
    ['a literal', "throw new FleetError({ code: 'b', kind: 'internal', message });"],
    ['a branch', "throw new FleetError({ code: x ? 'a' : 'b', kind: 'conflict', message });"],
    [
      'a subclass',
      "class E extends FleetError { constructor() { super({ code: 'b', kind: 'conflict' }); } }",
    ],
    [
      'an argument',
      "function f(code: string) { return new FleetError({ code, kind: 'conflict', message }); } f('b');",
    ],
    [
      'a default',
      "function f(code = 'b') { return new FleetError({ code, kind: 'conflict', message }); } f();",
    ],
    [
      'a table',
      "const t = { code: 'b', status: 400 }; function f(code: string) { new FleetError({ code, kind: 'conflict' }); } f(t.code);",
    ],
    ['an error in a record', "endRun(run, { error: { code: 'b', message: 'm' } });"],
    ['an error of a plan', "failed({ code: 'b', message: 'm', path: here, retryable: false, at });"],
    ['a table of kinds', "const KIND_BY_CODE = { b: 'invalid_input' };"],
  ] as const)('an undocumented code in %s', ([, text]) => {
    const codes = errorCodesOf([{ path: 'src/x.ts', text }]);
    expect(disagreements(codes, KNOWN)).toContainEqual('b: not documented');
  });

  test('a code nothing uses, another kind, another status, and an empty cell', () => {
    const codes = errorCodesOf([
      {
        path: 'src/x.ts',
        text: "new FleetError({ code: 'a', kind: 'conflict', httpStatus: 410, message });",
      },
    ]);
    expect(disagreements(codes, `${KNOWN}| \`b\` | conflict | 409 | means | do |`)).toEqual([
      'b: nothing fails so',
      'a: is conflict (410), documented as conflict (409)',
    ]);
    expect(disagreements(codes, `${HEAD}| \`a\` | conflict | 410 | | do |`)).toHaveLength(1);
  });

  test('a code that cannot be read', () => {
    const text = "throw new FleetError({ code: codes[index], kind: 'internal', message });";
    expect(errorCodesOf([{ path: 'src/x.ts', text }]).unreadable).toEqual(['src/x.ts']);
  });

  test('but neither problems of fields nor rejections of a world', () => {
    const text =
      "const p = { path: '/a', message: 'm', code: 'b' }; const r = { code: 'c', message: 'm', target };";
    expect(errorCodesOf([{ path: 'src/x.ts', text }]).uses).toEqual([]);
  });
});
