import type { FleetEvent, FleetEventFilter } from '../contracts/fleet-event.ts';

/** Whether an event is wanted. A filter says nothing of events that lack its field, unless it is strict. */
export function isWanted(event: FleetEvent, filter: FleetEventFilter): boolean {
  const { eventTypes, agentTypes, agentIds, strict = false } = filter;
  const agent = event.event_type === 'agent_status' ? event : undefined;
  return (
    isOneOf(eventTypes, event.event_type, strict) &&
    isOneOf(agentTypes, agent?.agent_type, strict) &&
    isOneOf(agentIds, agent?.agent_id, strict)
  );
}

function isOneOf(wanted: readonly string[] | undefined, value: string | undefined, strict: boolean): boolean {
  if (wanted === undefined || wanted.length === 0) return true;
  return value === undefined ? !strict : wanted.includes(value);
}
