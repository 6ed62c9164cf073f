import { expect, test } from 'vitest';
import { exportsOf } from '../../scripts/docs/coordination-api.ts';
import * as coordination from '../../src/entries/coordination.ts';
import * as resilience from '../../src/entries/coordination-resilience.ts';
import { errorCodesOf } from './error-codes.ts';
import { readDoc } from './markdown.ts';
import { productFiles, visit, type AstNode, isNode } from './source.ts';
import { parseAst } from 'vitest/node';

const ENTRIES = [
  ['tta-agent-fleet/coordination', 'src/entries/coordination.ts', coordination],
  ['tta-agent-fleet/coordination/resilience', 'src/entries/coordination-resilience.ts', resilience],
] as const;

/** The names under a heading of the reference. */
function documented(subpath: string): string[] {
  const part = readDoc('docs/coordination/API.md').split(`\n## \`${subpath}\`\n`)[1]?.split('\n## ')[0] ?? '';
  return [...part.matchAll(/^#### `(\w+)`$/gm)].map(([, name]) => name!);
}

/** The names that a file exports, as a compiler reads it. */
function exported(path: string): string[] {
  const file = productFiles().find((one) => one.path === path);
  const names: string[] = [];
  visit(parseAst(file?.text ?? '', { lang: 'ts' }), (node: AstNode) => {
    const name = node['exported'];
    if (node.type === 'ExportSpecifier' && isNode(name)) names.push(String(name['name']));
  });
  return names;
}

test.for(ENTRIES)('%s: every export is in the reference, and nothing else', ([subpath, path, values]) => {
  const names = exported(path);
  expect(names.length).toBeGreaterThan(20);
  expect(documented(subpath).toSorted()).toEqual(names.toSorted());
  expect(
    exportsOf(path)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(names.toSorted());
  expect(Object.keys(values).filter((name) => !names.includes(name))).toEqual([]);
});

test('every code that the package fails with is in the reference', () => {
  const rooms = ['src/coordination/', 'src/resilience/'];
  const files = productFiles().filter(({ path }) => rooms.some((room) => path.startsWith(room)));
  const codes = new Set(errorCodesOf(files).uses.map(({ code }) => code));
  const text = readDoc('docs/coordination/API.md');
  expect([...codes].filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([]);
});

test('every entry of the reference shows a declaration or its fields', () => {
  const entries = readDoc('docs/coordination/API.md')
    .split(/^#### /m)
    .slice(1);
  const empty = entries.filter((entry) => !/^(?:```ts\n.+|\| field \||Takes .+\.)/m.test(entry));
  expect(empty).toEqual([]);
});
