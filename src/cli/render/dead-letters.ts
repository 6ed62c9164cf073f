import type { DeadLetter, DeadLetterDetail } from '../../contracts/operator.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { printable } from './text.ts';

export function deadLetterTable(
  entries: readonly DeadLetter[],
  out: { width: number; paint: Paint },
): string[] {
  return renderTable(
    [
      { header: 'dlq_id' },
      { header: 'reason' },
      { header: 'error', isFlexible: true },
      { header: 'attempts', align: 'right' },
      { header: 'replays', align: 'right' },
      { header: 'dead at (UTC)' },
    ],
    entries.map((entry) => [
      entry.dlq_id,
      entry.reason,
      entry.error,
      entry.attempts,
      entry.replays,
      entry.dead_at.slice(5, 19).replace('T', ' '),
    ]),
    { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
  );
}

export function deadLetterLines(entry: DeadLetterDetail): string[] {
  const line = (label: string, value: string | number | null) =>
    `${label.padEnd(16)}${value === null ? '-' : printable(String(value))}`;
  return [
    line('dlq_id', entry.dlq_id),
    line('queue', entry.queue),
    line('job', entry.job_id),
    line('run', entry.workflow_id),
    line('reason', entry.reason),
    line('error', entry.error),
    line('attempts', entry.attempts),
    line('first failed at', entry.first_failed_at),
    line('dead at', entry.dead_at),
    line('replays', entry.replays),
    'data',
    ...(JSON.stringify(entry.data, null, 2) ?? '-').split('\n').map((text) => `  ${printable(text)}`),
    ...(entry.stacktrace.length > 0 ? ['last stack trace'] : []),
    ...printable(entry.stacktrace.at(-1) ?? '')
      .split('\n')
      .filter(Boolean)
      .map((text) => `  ${text.trim()}`),
  ];
}
