import type { CostReport, CostTotals } from '../../contracts/costs.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

const NUMBERS = ['requests', 'tokens in', 'tokens out', 'USD', 'USD per 1000 tokens'];

/** One line per group, and their sum below. */
export function costTable(report: CostReport, out: { width: number; paint: Paint }): string[] {
  const { from, to, group_by: group, groups, total } = report;
  const rows = groups.map(({ key, ...sums }) => [key ?? '(unknown)', ...cells(sums)]);
  return renderTable(
    [{ header: group, isFlexible: true }, ...NUMBERS.map((header) => ({ header, align: 'right' as const }))],
    [...rows, [`${from} to ${to}`, ...cells(total)]],
    {
      width: out.width,
      style: (line, row) => (row < 0 || row === rows.length ? out.paint.bold(line) : line),
    },
  );
}

function cells(sums: CostTotals): (string | number | null)[] {
  const { requests, input_tokens: input, output_tokens: output, usd, usd_per_1k_tokens: average } = sums;
  return [requests, input, output, usd.toFixed(6), average === null ? null : average.toFixed(6)];
}
