import { deadLetterQueue } from '../coordination/keys.ts';
import { agentIdText, parseAgentIdText, type AgentIdInput } from '../coordination/models/agent-id.ts';
import type { MailboxFigures } from '../coordination/messages/gauges.ts';
import type { Core } from './core.ts';
import type { FleetCoordination } from './open-coordination.ts';

const PRIORITIES = ['9', '5', '1'] as const;

/**
 * Gauges of mailboxes, read from Redis at each scrape and therefore true for the whole fleet; exported by API
 * processes only. Those of a mailbox that is empty, and whose agent is not registered, are shown as zero once more
 * and then dropped. The mailbox that a type shares belongs to all of its agents.
 */
export function exportMessageGauges(
  { metrics }: Pick<Core, 'metrics'>,
  { coordinator, registry }: Pick<FleetCoordination, 'coordinator' | 'registry'>,
): void {
  let shown = new Set<string>();
  metrics.onScrape(async () => {
    const all = await coordinator.collectGauges(await registeredAgents());
    const present = new Set(all.map(({ agent }) => agent));
    for (const agent of shown) if (!present.has(agent)) dropSeries(agent);
    for (const figures of all) setSeries(figures);
    shown = present;
  });

  async function registeredAgents(): Promise<(agent: AgentIdInput) => boolean> {
    const agents = await registry.list();
    const names = new Set(agents.flatMap(({ id, text }) => [text, agentIdText({ type: id.type })]));
    return (agent) => names.has(agentIdText(agent));
  }

  function setSeries({ agent, waiting, reserved, dead_letters: dead }: MailboxFigures): void {
    for (const priority of PRIORITIES) metrics.queue_length.set({ agent, priority }, waiting[priority]);
    metrics.reserved_length.set({ agent }, reserved);
    metrics.dlq_length.set({ queue: queueOf(agent), agent }, dead);
  }

  function dropSeries(agent: string): void {
    for (const priority of PRIORITIES) metrics.queue_length.remove({ agent, priority });
    metrics.reserved_length.remove({ agent });
    metrics.dlq_length.remove({ queue: queueOf(agent), agent });
  }
}

function queueOf(agent: string): string {
  return deadLetterQueue(parseAgentIdText(agent)!);
}
