import { columnsOf, printable, truncate } from './text.ts';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
  /** Gives way first when the terminal is too narrow. */
  readonly isFlexible?: boolean;
}

const GAP = '  ';
const NARROWEST = 8;

/**
 * A table as lines: a header, then one line per row, never wider than `width` as long as the flexible columns
 * can give way. Cells are made harmless for a terminal.
 *
 * @param style  colours one finished line; gets the row's index, or -1 for the header
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number | null)[])[],
  options: { width: number; style?: (line: string, row: number) => string },
): string[] {
  const cells = rows.map((row) =>
    columns.map((_, i) => printable(String(row[i] ?? '-')).replaceAll('\n', ' ')),
  );
  const widths = fit(
    columns.map((column, i) => Math.max(columnsOf(column.header), ...cells.map((row) => columnsOf(row[i]!)))),
    columns,
    options.width,
  );
  const style = options.style ?? ((line) => line);
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => pad(truncate(cell, widths[i]!), widths[i]!, columns[i]!.align))
      .join(GAP)
      .trimEnd();
  return [
    style(line(columns.map((column) => column.header)), -1),
    ...cells.map((row, i) => style(line(row), i)),
  ];
}

/** Takes the missing columns from the flexible ones, widest first. */
function fit(natural: readonly number[], columns: readonly Column[], width: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, own) => sum + own, 0) + GAP.length * (widths.length - 1) - width;
  while (excess > 0) {
    let widest = -1;
    columns.forEach((column, i) => {
      if (column.isFlexible && widths[i]! > NARROWEST && (widest < 0 || widths[i]! > widths[widest]!))
        widest = i;
    });
    if (widest < 0) break;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return widths;
}

function pad(cell: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - columnsOf(cell)));
  return align === 'right' ? blanks + cell : cell + blanks;
}
