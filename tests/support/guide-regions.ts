import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// A guide shows examples as they stand between the region marks of tests.

/** The TypeScript blocks of a document, by its path from the root. */
export function blocksShown(document: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../..', document), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)\n```$/gm)].map(([, block]) => block!);
}

/** What stands between the region marks of a file, without its indentation. */
export function regionsOf(file: string): string[] {
  const regions = readFileSync(file, 'utf8').matchAll(
    /^( *)\/\/ #region (\w+)\n([\s\S]*?)\n *\/\/ #endregion$/gm,
  );
  return [...regions].map(([, indent, , block]) => dedented(block!, indent!.length));
}

function dedented(block: string, indent: number): string {
  return block
    .split('\n')
    .map((line) => line.slice(indent))
    .join('\n');
}
