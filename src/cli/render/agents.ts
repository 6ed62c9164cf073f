import type { AgentListing, AskedOfAgent } from '../../coordination/agents/operations.ts';
import type { RoutingPreview } from '../../coordination/models/routing.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

interface Place {
  readonly width: number;
  readonly paint: Paint;
}

export function agentTable(agents: readonly AgentListing[], out: Place): string[] {
  const rows = agents.map((agent) => [
    agent.agent_id,
    agent.registered ? agent.status : 'not registered',
    agent.health,
    seconds(agent.last_heartbeat_age),
    agent.in_flight === null ? null : `${agent.in_flight}/${agent.concurrency}`,
    agent.requests,
    agent.errors,
    milliseconds(agent.performance?.p95_ms),
    agent.host === null ? null : `${agent.host}:${agent.pid}`,
  ]);
  return renderTable(
    [
      { header: 'agent', isFlexible: true },
      { header: 'status' },
      { header: 'health' },
      ...['heartbeat', 'in hand', 'calls', 'errors', 'p95'].map((header) => ({
        header,
        align: 'right' as const,
      })),
      { header: 'process', isFlexible: true },
    ],
    rows,
    {
      width: out.width,
      style(line, row) {
        if (row < 0) return out.paint.bold(line);
        const { health } = agents[row]!;
        return health === 'unhealthy' || health === 'degraded' ? out.paint.red(line) : line;
      },
    },
  );
}

export function agentLines(agent: AgentListing): string[] {
  const line = (label: string, value: string | number | null | undefined): string =>
    `${label.padEnd(18)}${value ?? '-'}`;
  const { performance, degraded } = agent;
  return [
    line('agent', agent.agent_id),
    line('status', agent.registered ? agent.status : 'not registered'),
    line('health', agent.health),
    ...(degraded === null ? [] : [line('degraded by', `${degraded.by ?? '-'}: ${degraded.reason ?? '-'}`)]),
    line('process', agent.host === null ? null : `${agent.host}:${agent.pid}`),
    line('version', agent.version),
    line('registered', agent.registered_at),
    line('heartbeat', agent.last_heartbeat_age === null ? null : `${seconds(agent.last_heartbeat_age)} ago`),
    line('in hand', agent.in_flight === null ? null : `${agent.in_flight} of ${agent.concurrency}`),
    line('calls', agent.requests === null ? null : `${agent.requests}, ${agent.errors} of them failed`),
    line(
      'p50 / p95',
      `${milliseconds(performance?.p50_ms) ?? '-'} / ${milliseconds(performance?.p95_ms) ?? '-'}`,
    ),
    line('capabilities', agent.capabilities.length === 0 ? null : agent.capabilities.join(', ')),
  ];
}

export function askedLines({ agent_id: agent, command, changed, command_id: id }: AskedOfAgent): string[] {
  if (!changed) return [`${agent}: nothing to ${command}`];
  return [id === null ? `${agent}: ${command}d` : `${agent} is asked to ${command} (${id})`];
}

export function previewLines(preview: RoutingPreview, out: Place): string[] {
  const { agent_type: type, selected, reason, candidates, summary } = preview;
  const head = [
    selected === null ? `${type}: ${reason}` : `${type}:${selected} (${reason})`,
    `${summary.total_agents} agents, ${summary.healthy_candidates} fit, ${summary.excluded_count} excluded`,
  ];
  if (candidates.length === 0) return head;
  const rows = candidates.map((candidate) => [
    candidate.instance,
    candidate.score === null ? null : candidate.score.toFixed(3),
    candidate.queue_length,
    seconds(candidate.heartbeat_age_s),
    candidate.success_rate === null ? null : `${(candidate.success_rate * 100).toFixed(0)} %`,
    candidate.exclusion_reason ?? null,
  ]);
  const numbers = ['score', 'queue', 'heartbeat', 'success'];
  return [
    ...head,
    '',
    ...renderTable(
      [
        { header: 'instance', isFlexible: true },
        ...numbers.map((header) => ({ header, align: 'right' as const })),
        { header: 'excluded' },
      ],
      rows,
      { width: out.width, style: (line, row) => (row < 0 ? out.paint.bold(line) : line) },
    ),
  ];
}

function seconds(value: number | null): string | null {
  return value === null ? null : `${value.toFixed(1)} s`;
}

function milliseconds(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : `${value.toFixed(0)} ms`;
}
