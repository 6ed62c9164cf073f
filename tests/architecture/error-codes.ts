import { parseAst } from 'vitest/node';
import { ERROR_KINDS, KIND_REACTIONS, type ErrorKind } from '../../src/kernel/error-kinds.ts';
import { isNode, visit, type AstNode, type SourceFile } from './source.ts';

/** One place that makes an error with a code. `kind` is null where only the code is written down, as in a record. */
export interface ErrorUse {
  readonly code: string;
  readonly kind: ErrorKind | null;
  readonly status: number | null;
}

export interface ErrorCodes {
  readonly uses: readonly ErrorUse[];
  /** Codes of FleetClientError, which come from no FleetError. */
  readonly clientCodes: readonly string[];
  /** Files that make errors whose code cannot be read from the source: they pass on what others chose. */
  readonly unreadable: readonly string[];
}

type Expression = AstNode | undefined;
interface Fields {
  readonly code: Expression;
  readonly kind: Expression;
  readonly status: Expression;
}
/** A function whose parameter becomes the code of an error. */
interface Maker {
  readonly name: string;
  readonly parameters: readonly AstNode[];
  readonly fields: Fields;
}

/**
 * Every code the product can fail with, read from the syntax tree in three passes:
 *
 * 1. `new FleetError({ code, kind, httpStatus })` and `super({ … })` of its subclasses; conditional values give
 *    one use per branch, and `x.code` means the table of literals in the same file
 * 2. a code that is a parameter makes its function a maker; the literals of its calls are the codes
 * 3. `{ code: '…', message }` as records of runs store it, the kinds such codes become (`KIND_BY_CODE`),
 *    and `new FleetClientError(status, '…')`
 */
export function errorCodesOf(files: readonly SourceFile[]): ErrorCodes {
  const parsed = files.map((file) => ({ ...file, tree: parseAst(file.text, { lang: 'ts' }) as unknown }));
  const uses: ErrorUse[] = [];
  const clientCodes: string[] = [];
  const unreadable = new Set<string>();
  const makers: Maker[] = [];
  for (const { path, tree } of parsed) {
    for (const fields of errorsMadeIn(tree)) {
      const maker = makerOf(tree, fields);
      if (maker !== null) makers.push(maker);
      else add(path, tree, fields);
    }
    visit(tree, (node) => {
      const stored = storedCode(node);
      if (stored !== null) uses.push({ code: stored, kind: null, status: null });
      uses.push(...kindTable(node));
      if (node.type !== 'NewExpression' || nameOf(node['callee']) !== 'FleetClientError') return;
      const code = literal(listOf(node['arguments'])[1]);
      if (typeof code === 'string') clientCodes.push(code);
    });
  }
  for (const { path, tree } of parsed) {
    visit(tree, (node) => {
      if (node.type !== 'CallExpression') return;
      for (const maker of makers)
        if (nameOf(node['callee']) === maker.name) add(path, tree, called(maker, node));
    });
  }
  return { uses, clientCodes, unreadable: [...unreadable] };

  function add(path: string, tree: unknown, fields: Fields): void {
    const found = usesOf(tree, fields);
    if (found === null) unreadable.add(path);
    else uses.push(...found);
  }
}

function errorsMadeIn(tree: unknown): Fields[] {
  const made: Fields[] = [];
  const keep = (args: unknown): void => {
    const [init] = listOf(args);
    if (init?.type !== 'ObjectExpression') return;
    made.push({
      code: property(init, 'code'),
      kind: property(init, 'kind'),
      status: property(init, 'httpStatus'),
    });
  };
  visit(tree, (node) => {
    if (node.type === 'NewExpression' && nameOf(node['callee']) === 'FleetError') keep(node['arguments']);
    if (!/^Class(Declaration|Expression)$/.test(node.type) || nameOf(node['superClass']) !== 'FleetError')
      return;
    visit(node['body'], (inner) => {
      const callee = inner['callee'];
      if (inner.type === 'CallExpression' && isNode(callee) && callee.type === 'Super')
        keep(inner['arguments']);
    });
  });
  return made;
}

/** The function around the error, when the code is one of its parameters. */
function makerOf(tree: unknown, fields: Fields): Maker | null {
  const name = nameOf(fields.code);
  if (name === null) return null;
  let maker: Maker | null = null;
  visit(tree, (node) => {
    const parameters = listOf(node['params']);
    if (node.type !== 'FunctionDeclaration' || !parameters.some((p) => parameterName(p) === name)) return;
    visit(node['body'], (inner) => {
      if (inner === fields.code) maker = { name: nameOf(node['id']) ?? '', parameters, fields };
    });
  });
  return maker;
}

/** The fields of a maker's error with the arguments of one call in the place of its parameters. */
function called(maker: Maker, call: AstNode): Fields {
  const given = (expression: Expression): Expression => {
    const name = nameOf(expression);
    const index = name === null ? -1 : maker.parameters.findIndex((p) => parameterName(p) === name);
    if (index === -1) return expression;
    const fallback = maker.parameters[index]!['right'];
    return listOf(call['arguments'])[index] ?? (isNode(fallback) ? fallback : undefined);
  };
  const { code, kind, status } = maker.fields;
  return { code: given(code), kind: given(kind), status: given(status) };
}

/** Null when the code cannot be read. */
function usesOf(tree: unknown, { code, kind, status }: Fields): ErrorUse[] | null {
  if (code?.type === 'ConditionalExpression') {
    const branches = ['consequent', 'alternate'].map((branch) =>
      usesOf(tree, { code: side(code, branch), kind: side(kind, branch), status: side(status, branch) }),
    );
    return branches.includes(null) ? null : branches.flatMap((found) => found ?? []);
  }
  const text = literal(code);
  if (typeof text === 'string') return [{ code: text, ...reaction(literal(kind), literal(status)) }];
  if (code?.type !== 'MemberExpression' || nameOf(code['property']) !== 'code') return null;
  const rows = tableRows(tree);
  return rows.length === 0
    ? null
    : rows.map((row) => ({ code: row.code, ...reaction(literal(kind), row.status) }));
}

/** `{ code: 'malformed_json', status: 400, … }`: the rows that `x.code` and `x.status` read. */
function tableRows(tree: unknown): { code: string; status: number }[] {
  const rows: { code: string; status: number }[] = [];
  visit(tree, (node) => {
    if (node.type !== 'ObjectExpression') return;
    const code = literal(property(node, 'code'));
    const status = literal(property(node, 'status'));
    if (typeof code === 'string' && typeof status === 'number') rows.push({ code, status });
  });
  return rows;
}

const STORED_ERROR_FIELDS: ReadonlySet<string> = new Set([
  'code',
  'message',
  'attempts',
  'times',
  'details',
  'path',
  'retryable',
  'at',
]);

/**
 * The code of `{ code: '…', message }`, the form in which runs and plans keep an error; null for anything else.
 * With a `path` it needs `retryable` too, else it is the problem of a field.
 */
function storedCode(node: AstNode): string | null {
  if (node.type !== 'ObjectExpression') return null;
  const names = listOf(node['properties']).map((entry) => nameOf(entry['key']) ?? '…');
  if (!names.includes('message') || names.some((name) => !STORED_ERROR_FIELDS.has(name))) return null;
  if (names.includes('path') && !names.includes('retryable')) return null;
  const code = literal(property(node, 'code'));
  // zod's own code for a check of ours.
  return typeof code === 'string' && code !== 'custom' ? code : null;
}

/** The entries of `const KIND_BY_CODE = { no_case: 'invalid_input', … }`: the kinds that stored codes become. */
function kindTable(node: AstNode): ErrorUse[] {
  const init = node['init'];
  if (node.type !== 'VariableDeclarator' || nameOf(node['id']) !== 'KIND_BY_CODE' || !isNode(init)) return [];
  return listOf(init['properties']).map((entry) => {
    const kind = isNode(entry['value']) ? literal(entry['value']) : undefined;
    return { code: nameOf(entry['key']) ?? '…', ...reaction(kind, undefined) };
  });
}

function reaction(kind: unknown, status: unknown): Pick<ErrorUse, 'kind' | 'status'> {
  const known = ERROR_KINDS.find((name) => name === kind) ?? null;
  const own = typeof status === 'number' ? status : null;
  return { kind: known, status: own ?? (known === null ? null : KIND_REACTIONS[known].httpStatus) };
}

/** One branch of a conditional; a value that is none holds for both. */
function side(expression: Expression, branch: string): Expression {
  if (expression?.type !== 'ConditionalExpression') return expression;
  const chosen = expression[branch];
  return isNode(chosen) ? chosen : undefined;
}

function property(object: AstNode, name: string): Expression {
  const entry = listOf(object['properties']).find((candidate) => nameOf(candidate['key']) === name);
  return isNode(entry?.['value']) ? entry['value'] : undefined;
}

function parameterName(parameter: AstNode): string | null {
  return nameOf(parameter.type === 'AssignmentPattern' ? parameter['left'] : parameter);
}

function nameOf(node: unknown): string | null {
  return isNode(node) && node.type === 'Identifier' ? String(node['name']) : null;
}

function literal(node: Expression): unknown {
  return node?.type === 'Literal' ? node['value'] : undefined;
}

function listOf(value: unknown): AstNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
