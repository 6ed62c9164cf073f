import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A document of the repository. */
export function readDoc(path: string): string {
  return readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
}

/** Cells of every table row below the heads, as text; ``a code span`` loses its backticks. */
export function tableRows(markdown: string): string[][] {
  return tables(markdown).flatMap((table) => table.rows);
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: string[][];
}

export function tables(markdown: string): Table[] {
  const found: Table[] = [];
  let lines: string[] = [];
  for (const line of [...markdown.split('\n'), '']) {
    if (line.startsWith('|')) lines.push(line);
    else {
      const [head, rule, ...rows] = lines;
      if (head !== undefined && rule !== undefined)
        found.push({ head: cellsOf(head), rows: rows.map(cellsOf) });
      lines = [];
    }
  }
  return found;
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) =>
      cell
        .trim()
        .replaceAll('\\|', '|')
        .replace(/^`([^`]*)`$/, '$1'),
    );
}
