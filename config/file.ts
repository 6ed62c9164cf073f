import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isAlias, isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { FieldProblem } from '../src/kernel/errors.ts';
import { fromText } from './env.ts';
import { interpolate } from './interpolate.ts';
import { problem, unknownName, type Assignment, type Layer } from './problems.ts';
import { canonicalPath, keyAt, namesIn } from './tree.ts';

export const DEFAULT_FILE = 'config/agent-orchestration.yaml';
const ROOT = 'agent_orchestration';

/**
 * What a YAML or JSON file says, its `include` overlays merged over it in order.
 *
 * @param file  undefined reads {@link DEFAULT_FILE} when it exists; a named file must exist
 * @returns `isReadable` is false when a file could not be read or parsed, so that its values are unknown
 */
export function readConfigFile(
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): Layer & { isReadable: boolean } {
  const reader = new FileReader(env);
  if (file !== undefined || existsSync(DEFAULT_FILE)) reader.read(file ?? DEFAULT_FILE, []);
  return {
    assignments: [...reader.assignments.values()],
    problems: reader.problems,
    unusableKeys: reader.unusableKeys,
    warnings: [],
    isReadable: reader.isReadable,
  };
}

/** The file being walked, and what is needed to say where in it something stands. */
interface OpenFile {
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
  /** Canonical path to the spelling it had, to find one key under two names. */
  readonly spellings: Map<string, string>;
}

class FileReader {
  readonly assignments = new Map<string, Assignment>();
  readonly problems: FieldProblem[] = [];
  readonly unusableKeys: string[] = [];
  isReadable = true;
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  read(name: string, includedBy: readonly string[]): void {
    const path = resolve(name);
    if (includedBy.includes(path)) {
      return this.#unreadable(`${name}: includes itself through ${includedBy.at(-1)}`);
    }
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      return this.#unreadable(
        `${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    for (const error of document.errors) {
      const { line, col } = lines.linePos(error.pos[0]);
      this.#unreadable(`${name}:${line}:${col}: ${error.message}`);
    }
    if (document.errors.length > 0 || document.contents === null) return;

    const open: OpenFile = { name, document, lines, spellings: new Map() };
    const root = document.contents;
    const section = isMap(root) ? (this.#resolved(open, root.get(ROOT, true)) ?? root) : root;
    const includes = this.#walk(open, section, '');
    for (const include of includes) this.read(resolve(dirname(path), include), [...includedBy, path]);
  }

  /** Collects the values of one section; returns the files it includes (root only). */
  #walk(open: OpenFile, node: Node, sectionPath: string): string[] {
    if (isScalar(node) && node.value === null) return [];
    if (!isMap(node)) {
      const what = sectionPath === '' ? 'expected a map of settings' : 'expected a section';
      const value = JSON.stringify(node.toJS(open.document));
      this.problems.push(
        problem(sectionPath || open.name, `${what}, got ${value}`, this.#origin(open, node)),
      );
      return [];
    }
    let includes: string[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as Node; // a parsed document has nodes for keys and values
      const name = String(isScalar(keyNode) ? keyNode.value : keyNode.toJS(open.document));
      const value = this.#resolved(open, pair.value);
      if (sectionPath === '' && name === 'include') {
        includes = this.#includes(open, value);
        continue;
      }
      this.#visit(open, keyNode, value, sectionPath === '' ? name : `${sectionPath}.${name}`);
    }
    return includes;
  }

  #visit(open: OpenFile, keyNode: Node, value: Node | undefined, spelling: string): void {
    const path = canonicalPath(spelling);
    const origin = this.#origin(open, keyNode);
    const earlier = open.spellings.get(path);
    if (earlier !== undefined && earlier !== spelling) {
      this.problems.push(
        problem(path, `set twice, as ${earlier} and ${spelling}; keep one`, origin, 'set_twice'),
      );
      return;
    }
    open.spellings.set(path, spelling);

    const key = keyAt(path);
    if (key !== undefined) {
      this.#assign(open, value, path, this.#origin(open, value ?? keyNode));
    } else if (namesIn(path) !== undefined) {
      if (value !== undefined) this.#walk(open, value, path);
    } else {
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
      this.problems.push(unknownName(path, namesIn(parent) ?? [], origin));
    }
  }

  #assign(open: OpenFile, node: Node | undefined, path: string, origin: string): void {
    const { value, wasFilled, missing } = interpolate(node?.toJS(open.document) ?? null, this.#env);
    for (const name of missing) {
      this.problems.push(problem(path, `the environment variable ${name} is not set`, origin));
    }
    if (missing.length > 0) {
      this.unusableKeys.push(path);
      return;
    }
    // A text that was filled from the environment is read like one, so `port: ${PORT:-8503}` works.
    const traits = keyAt(path)!.traits;
    const read = wasFilled && typeof value === 'string' ? fromText(value, traits) : value;
    this.assignments.set(path, { key: path, value: read, source: 'file', origin });
  }

  #includes(open: OpenFile, node: Node | undefined): string[] {
    const value: unknown = node?.toJS(open.document);
    const { value: filled, missing } = interpolate(value, this.#env);
    const isList = Array.isArray(filled) && filled.every((item) => typeof item === 'string');
    if (isList && missing.length === 0) return filled;
    const what =
      missing.length > 0
        ? `the environment variable ${missing[0]} is not set`
        : `expected a list of files, got ${JSON.stringify(value)}`;
    this.problems.push(problem('include', what, node && this.#origin(open, node)));
    this.isReadable = false;
    return [];
  }

  /** The node an alias (`*name`) stands for. */
  #resolved(open: OpenFile, node: unknown): Node | undefined {
    if (node === null || node === undefined) return undefined;
    const parsed = node as Node; // a parsed document has nodes for keys and values
    return isAlias(parsed) ? parsed.resolve(open.document) : parsed;
  }

  #origin(open: OpenFile, node: Node): string {
    if (!node.range) return `file ${open.name}`;
    const { line, col } = open.lines.linePos(node.range[0]);
    return `file ${open.name}:${line}:${col}`;
  }

  #unreadable(message: string): void {
    this.problems.push({ path: '/', message, code: 'unreadable_file' });
    this.isReadable = false;
  }
}
