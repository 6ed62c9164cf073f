import type { AgentCapabilitySet } from '../../coordination/models/capability.ts';
import type { CapabilityMatch } from '../../coordination/models/capability-search.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

interface Place {
  readonly width: number;
  readonly paint: Paint;
}

/** One line for each capability of each agent. */
export function capabilityTable(sets: readonly AgentCapabilitySet[], out: Place): string[] {
  const rows = sets.flatMap((set) =>
    set.capabilities.map(({ name, version, type, status }) => [
      set.agent_id,
      name,
      version,
      type,
      status,
      set.load_factor.toFixed(2),
    ]),
  );
  return renderTable(
    [
      { header: 'agent', isFlexible: true },
      { header: 'capability', isFlexible: true },
      { header: 'version' },
      { header: 'type' },
      { header: 'status' },
      { header: 'load', align: 'right' },
    ],
    rows,
    { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
  );
}

export function matchTable(matches: readonly CapabilityMatch[], out: Place): string[] {
  const rows = matches.map((match) => [
    match.agent_id,
    match.capability.name,
    match.capability.version,
    match.match_score.toFixed(2),
    match.agent_load_factor.toFixed(2),
    match.estimated_wait_time_ms === null ? null : `${match.estimated_wait_time_ms.toFixed(0)} ms`,
  ]);
  return renderTable(
    [
      { header: 'agent', isFlexible: true },
      { header: 'capability', isFlexible: true },
      { header: 'version' },
      ...['score', 'load', 'wait'].map((header) => ({ header, align: 'right' as const })),
    ],
    rows,
    { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
  );
}
