import type { DefinitionSummary, DefinitionView } from '../../contracts/definition.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { printable } from './text.ts';

export function definitionTable(
  definitions: readonly DefinitionSummary[],
  out: { width: number; paint: Paint },
): string[] {
  const versions = (summary: DefinitionSummary): string =>
    summary.versions.map(({ version, source }) => `${version} (${source})`).join(', ');
  return renderTable(
    [{ header: 'name' }, { header: 'latest', align: 'right' }, { header: 'versions', isFlexible: true }],
    definitions.map((summary) => [summary.name, summary.latest, versions(summary)]),
    { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
  );
}

/** What it is, then its steps and what combines them, by path. */
export function definitionLines(definition: DefinitionView): string[] {
  const line = (label: string, value: string | number) => `${label.padEnd(12)}${value}`;
  const { name, version, source, timeout_ms: timeoutMs, sha256, graph } = definition;
  return [
    line('workflow', `${name}@${version} (${source})`),
    line('time limit', `${timeoutMs / 1000} s`),
    ...(sha256 === null ? [] : [line('sha256', sha256)]),
    ...(definition.created_at === null
      ? []
      : [line('registered', `${definition.created_at} by ${printable(definition.created_by ?? '-')}`)]),
    line('plan', graph.hash),
    ...graph.nodes
      .filter(({ kind }) => kind !== 'fn' && kind !== 'bind')
      .map((node) => `  ${node.kind.padEnd(10)}${node.path === '' ? name : node.path}`),
  ];
}
