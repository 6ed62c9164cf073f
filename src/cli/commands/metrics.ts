import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { renderTable } from '../render/table.ts';

export const registerMetrics: Register = (program, run) => {
  const group = program.command('metrics').description('the Prometheus metrics of the fleet');
  group
    .command('list', { isDefault: true })
    .description('name, type, labels and meaning of each')
    .action(run<[], object>(list));
};

async function list(context: CommandContext): Promise<number> {
  const { out, ports } = context;
  const metrics = ports.listMetrics();
  out.result(metrics, () =>
    renderTable(
      [
        { header: 'metric' },
        { header: 'type' },
        { header: 'labels' },
        { header: 'meaning', isFlexible: true },
      ],
      metrics.map((metric) => [metric.name, metric.type, metric.labels.join(', ') || null, metric.help]),
      { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
    ),
  );
  return EXIT.ok;
}
