import type { RunSummary, RunView } from '../../contracts/run.ts';
import type { Paint } from './paint.ts';
import { millisText, progressBar } from './quantities.ts';
import { renderTable } from './table.ts';
import { printable } from './text.ts';

export function runTable(runs: readonly RunSummary[], out: { width: number; paint: Paint }): string[] {
  return renderTable(
    [
      { header: 'run_id' },
      { header: 'workflow', isFlexible: true },
      { header: 'status' },
      { header: 'session', isFlexible: true },
      { header: 'error', isFlexible: true },
      { header: 'admitted (UTC)' },
    ],
    runs.map((run) => [
      run.run_id,
      `${run.workflow}@${run.version}`,
      run.delayed_until === undefined ? run.status : 'delayed',
      run.session_id ?? null,
      run.error?.code ?? null,
      run.created_at.slice(5, 19).replace('T', ' '),
    ]),
    {
      width: out.width,
      style: (line, row) => {
        if (row < 0) return out.paint.bold(line);
        return runs[row]!.error === null ? line : out.paint.red(line);
      },
    },
  );
}

export function runLines(run: RunView): string[] {
  const line = (label: string, value: string | number | null | undefined): string[] =>
    value === undefined ? [] : [`${label.padEnd(16)}${value === null ? '-' : printable(String(value))}`];
  return [
    ...line('run_id', run.run_id),
    ...line('workflow', `${run.workflow}@${run.version}`),
    ...line('status', run.degraded ? `${run.status} (degraded)` : run.status),
    ...line('progress', progressBar(run.progress)),
    ...line('priority', run.priority),
    ...line('session', run.session_id),
    ...line('user', run.user_id),
    ...line('submitted by', run.submitted_by),
    ...line('retry of', run.retry_of),
    ...line('admitted', run.created_at),
    ...line('delayed until', run.delayed_until),
    ...line('started', run.started_at),
    ...line('ended', run.ended_at),
    ...line('deadline', run.deadline_at),
    ...line('error', run.error === null ? undefined : `${run.error.code}: ${run.error.message}`),
    ...(Object.keys(run.metadata).length === 0 ? [] : line('metadata', JSON.stringify(run.metadata))),
    ...run.steps.flatMap((step) =>
      line(`  ${step.name}`, `${step.status}, ${step.attempts} attempts, ${millisText(step.duration_ms)}`),
    ),
    ...(run.output === null ? [] : ['output', ...indented(run.output)]),
  ];
}

function indented(value: unknown): string[] {
  return (JSON.stringify(value, null, 2) ?? '-').split('\n').map((text) => `  ${printable(text)}`);
}
