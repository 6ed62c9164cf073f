import type { FleetStatus } from '../../contracts/status.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { millisText } from '../render/quantities.ts';

export const registerStatus: Register = (program, run) => {
  program.command('status').description('how the fleet is doing').action(run<[], object>(status));
};

async function status(context: CommandContext): Promise<number> {
  await using fleet = await context.fleet();
  const now = await fleet.operations.status();
  context.out.result(now, () => statusLines(now));
  return EXIT.ok;
}

const LEVELS = [
  'nothing is missing',
  'without models',
  'without some steps',
  'turns fail',
  'no run is admitted',
];

function statusLines(now: FleetStatus): string[] {
  const minutes = Math.round(now.window_seconds / 60);
  const ended = `${now.request_count} ended in ${minutes} min`;
  const average = now.request_count === 0 ? '' : `, ${millisText(now.avg_processing_ms)} each`;
  return [
    line('initialized', now.initialized ? 'yes' : 'no: a queue has no worker'),
    line('sessions', `${now.active_sessions} active`),
    line('runs', `${now.active_runs} open, ${ended}${average}`),
    line('errors', `${now.error_count} (${(now.error_rate * 100).toFixed(1)} %)`),
    line('degraded', `${now.degraded_level}: ${LEVELS[now.degraded_level] ?? ''}`),
    ...Object.entries(now.components).map(([name, { status: state, waiting, workers }]) =>
      line(
        `  ${name}`,
        waiting === undefined ? state : `${state}, ${waiting} waiting, ${workers ?? 0} workers`,
      ),
    ),
  ];
}

function line(label: string, value: string): string {
  return `${label.padEnd(14)}${value}`;
}
