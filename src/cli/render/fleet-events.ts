import type { FleetEvent } from '../../contracts/fleet-event.ts';
import type { Paint } from './paint.ts';
import { printable } from './text.ts';

/** An event of the fleet as one line: when, who, what, and how it is now. */
export function fleetEventLine(event: FleetEvent, paint: Paint): string {
  const at = paint.dim(event.timestamp);
  if (event.event_type === 'circuit_breaker') {
    const { breaker, state, previous_state: from, reason } = event;
    const what =
      reason === 'circuit_transition'
        ? from === null
          ? state
          : `${from} > ${state}`
        : `${state}  ${reason}`;
    const colour = state === 'closed' ? paint.green : paint.red;
    return `${at}  ${printable(breaker).padEnd(34)}  ${colour(what)}`;
  }
  const { agent_id: agent, kind, status, metadata } = event;
  const details = Object.entries(metadata)
    .filter(([name]) => name !== 'registration_id')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const colour =
    status === 'online' ? paint.green : status === null || status === 'stopping' ? paint.cyan : paint.red;
  return `${at}  ${printable(agent).padEnd(34)}  ${colour(kind)}  ${printable(details).replaceAll('\n', ' ')}`.trimEnd();
}
