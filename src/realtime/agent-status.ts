import type { AGENT_EVENT_STATUSES, FleetEventDraft } from '../contracts/fleet-event.ts';
import type { StoredAgentEvent } from '../coordination/agents/events.ts';
import type { AgentEvent } from '../coordination/models/agent-event.ts';
import { parseAgentIdText } from '../coordination/models/agent-id.ts';

type Status = (typeof AGENT_EVENT_STATUSES)[number];

/** What is known of an agent after each kind of event. */
const STATUS_AFTER: Readonly<Record<AgentEvent['kind'], Status | null>> = {
  registered: 'online',
  deregistered: 'offline',
  // Somebody else has its name now, and says so.
  superseded: null,
  refused: 'error',
  lost: 'offline',
  unhealthy: 'error',
  recovered: 'online',
  degraded: 'degraded',
  // It may have other troubles.
  undegraded: null,
  restarted: 'online',
  restart_failed: 'error',
  restart_denied: 'error',
  restarts_reset: null,
  drained: 'stopping',
  command_dropped: null,
  fallback: null,
  unserved: null,
  state_restored: null,
  state_restore_failed: null,
  capabilities_changed: null,
};

/** An event of coordination as the fleet tells it. */
export function agentStatusOf({
  kind,
  agent_id,
  registration_id,
  at,
  details,
}: StoredAgentEvent): FleetEventDraft {
  const { type, instance } = parseAgentIdText(agent_id)!; // its schema has accepted it
  return {
    event_type: 'agent_status',
    timestamp: at,
    source: 'coordination',
    agent_id,
    agent_type: type,
    instance: instance ?? 'default',
    kind,
    status: STATUS_AFTER[kind],
    metadata: { ...details, ...(registration_id !== null && { registration_id }) },
  };
}
