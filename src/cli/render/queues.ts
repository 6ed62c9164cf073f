import { JOB_STATES, type QueueView } from '../../contracts/operator.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** All queues as a table; jobs that wait with and without a priority count as waiting. */
export function queueTable(queues: readonly QueueView[], out: { width: number; paint: Paint }): string[] {
  const rows = queues.map((queue) => [
    queue.paused ? `${queue.name} (paused)` : queue.name,
    queue.counts.waiting + queue.counts.prioritized,
    queue.counts.active,
    queue.counts.delayed,
    queue.counts['waiting-children'],
    queue.counts.completed,
    queue.counts.failed,
    queue.dlq,
    queue.workers,
    queue.oldest_waiting_s === null ? null : `${queue.oldest_waiting_s.toFixed(1)} s`,
  ]);
  return renderTable(
    [
      { header: 'queue', isFlexible: true },
      ...['waiting', 'active', 'delayed', 'children', 'completed', 'failed', 'dlq', 'workers', 'oldest'].map(
        (header) => ({ header, align: 'right' as const }),
      ),
    ],
    rows,
    {
      width: out.width,
      style: (line, row) => {
        if (row < 0) return out.paint.bold(line);
        return queues[row]!.dlq > 0 ? out.paint.red(line) : line;
      },
    },
  );
}

export function queueDetailLines(queue: QueueView): string[] {
  const line = (label: string, value: string | number) => `${label.padEnd(18)}${value}`;
  return [
    line('queue', queue.name),
    line('agent', queue.agent_type ?? '-'),
    line('paused', queue.paused ? 'yes' : 'no'),
    ...JOB_STATES.map((state) => line(state, queue.counts[state])),
    line('dead letters', queue.dlq),
    line('workers', queue.workers),
    line('oldest waiting', queue.oldest_waiting_s === null ? '-' : `${queue.oldest_waiting_s.toFixed(1)} s`),
    line('completed / min', queue.rate.completed_per_min),
    line('failed / min', queue.rate.failed_per_min),
  ];
}
