import type { ScheduleView } from '../../contracts/schedule.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { printable } from './text.ts';

export function scheduleTable(
  schedules: readonly ScheduleView[],
  out: { width: number; paint: Paint },
): string[] {
  return renderTable(
    [
      { header: 'name' },
      { header: 'workflow', isFlexible: true },
      { header: 'when', isFlexible: true },
      { header: 'next run (UTC)' },
      { header: 'last', isFlexible: true },
    ],
    schedules.map((schedule) => [
      schedule.name,
      schedule.workflow,
      whenText(schedule),
      schedule.next_run_at === null ? 'ended' : moment(schedule.next_run_at),
      schedule.last === null ? null : `${schedule.last.outcome} ${moment(schedule.last.at)}`,
    ]),
    {
      width: out.width,
      style: (line, row) => {
        if (row < 0) return out.paint.bold(line);
        return schedules[row]!.last?.outcome === 'failed' ? out.paint.red(line) : line;
      },
    },
  );
}

export function scheduleLines(schedule: ScheduleView): string[] {
  const { last } = schedule;
  const line = (label: string, value: string | number | null | undefined): string[] =>
    value === undefined ? [] : [`${label.padEnd(16)}${value === null ? '-' : printable(String(value))}`];
  return [
    ...line('name', schedule.name),
    ...line('workflow', `${schedule.workflow}@${schedule.version ?? 'latest'}`),
    ...line('when', whenText(schedule)),
    ...line('from', schedule.starts_at),
    ...line('until', schedule.ends_at),
    ...line('priority', schedule.priority),
    ...line('overlap', schedule.overlap),
    ...line('input', JSON.stringify(schedule.input) ?? '-'),
    ...line('set by', `${schedule.created_by}, ${schedule.updated_at}`),
    ...line('next run', schedule.next_run_at ?? 'none: it has ended'),
    ...line('last', last === null ? null : `${last.outcome}, ${last.at}`),
    ...line('last run', last?.run_id),
    ...line('error', last?.error === undefined ? undefined : `${last.error.code}: ${last.error.message}`),
  ];
}

function whenText({ cron, every_ms: every, timezone }: ScheduleView): string {
  return cron === undefined ? `every ${(every ?? 0) / 1000} s` : `${cron} ${timezone ?? 'UTC'}`;
}

function moment(iso: string): string {
  return iso.slice(5, 19).replace('T', ' ');
}
