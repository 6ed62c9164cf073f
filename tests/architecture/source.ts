import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { parseAst } from 'vitest/node';

// What the architecture tests read: files, the rooms they belong to, and what their code refers to.

const ROOT = join(import.meta.dirname, '../..');
const PRODUCT_FOLDERS = ['src', 'config', 'queues', 'workers', 'dashboards'];
/** Not tracked; the same folders as in .gitignore. */
const UNTRACKED = ['.git', 'node_modules', 'dist', '.cache', '.ao', 'coverage'];

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file of the repository that is text. */
export function repositoryFiles(): SourceFile[] {
  return walk(ROOT)
    .map((file) => ({ path: relative(ROOT, file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }))
    .filter((file) => !file.text.includes('\0') && !file.path.endsWith('.log'));
}

/** The TypeScript of the product: no tests, no examples, no scripts. */
export function productFiles(): SourceFile[] {
  return repositoryFiles().filter((file) => roomOf(file.path) !== null && file.path.endsWith('.ts'));
}

/** src/agents/ipa/process.ts is in "agents", queues/catalogue.ts in "queues", src/index.ts in "index". */
export function roomOf(path: string): string | null {
  const [top, second] = path.split('/');
  if (!PRODUCT_FOLDERS.includes(top!)) return null;
  return top === 'src' ? second!.replace(/\.ts$/, '') : top!;
}

export interface References {
  /** Module names of import, export-from and import(), types included. */
  readonly imports: readonly string[];
  readonly usesAny: boolean;
  readonly readsEnvironment: boolean;
}

export function referencesOf(file: SourceFile): References {
  const imports: string[] = [];
  let usesAny = false;
  let readsEnvironment = false;
  visit(parseAst(file.text, { lang: 'ts' }), (node) => {
    const { type, source } = node;
    if (type === 'TSAnyKeyword') usesAny = true;
    if (/^(Import|Export|TSImport)/.test(type) && isNode(source) && typeof source['value'] === 'string') {
      imports.push(source['value']);
      const names = JSON.stringify(node['specifiers'] ?? []);
      if (/^(node:)?process$/.test(source['value']) && names.includes('"env"')) readsEnvironment = true;
    }
    if (type === 'MemberExpression' && isProcess(node['object']) && mayBeEnv(node)) readsEnvironment = true;
    if (type === 'VariableDeclarator' && isProcess(node['init'])) readsEnvironment = true;
  });
  return { imports, usesAny, readsEnvironment };
}

/** The package of "@bull-board/api/bullMQAdapter" is "@bull-board/api"; a relative or built-in module has none. */
export function packageOf(module: string): string | null {
  if (module.startsWith('.') || module.startsWith('node:')) return null;
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file a relative import means, from the root of the repository; null for a package. */
export function targetOf(file: SourceFile, module: string): string | null {
  return module.startsWith('.') ? posix.join(posix.dirname(file.path), module) : null;
}

export interface AstNode {
  readonly type: string;
  readonly [property: string]: unknown;
}

/** Calls `seen` for every node, parents first. */
export function visit(value: unknown, seen: (node: AstNode) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, seen);
  if (!isNode(value)) return;
  seen(value);
  for (const child of Object.values(value)) visit(child, seen);
}

export function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function isProcess(node: unknown): boolean {
  return isNode(node) && node['name'] === 'process';
}

/** process.env and process['env']. */
function mayBeEnv(member: AstNode): boolean {
  const property = member['property'];
  if (!isNode(property)) return false;
  return member['computed'] === true ? property['value'] === 'env' : property['name'] === 'env';
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (UNTRACKED.includes(entry.name)) return [];
    if (entry.isDirectory()) return walk(join(folder, entry.name));
    return entry.isFile() ? [join(folder, entry.name)] : [];
  });
}
