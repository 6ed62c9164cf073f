import type { FleetEvent, FleetEventGap, FleetEventType } from '../contracts/fleet-event.ts';
import type { Page } from '../contracts/operator.ts';
import type { CallOptions, PageOptions } from './client.ts';
import { followStream, type FollowOptions } from './follow-stream.ts';
import type { Call, Transport } from './transport.ts';

/** Which events are wanted; an absent list says nothing. */
export interface FleetEventChoice {
  readonly eventTypes?: readonly FleetEventType[];
  readonly agentTypes?: readonly string[];
  /** `type:instance`. */
  readonly agentIds?: readonly string[];
  /** Leave out events without a field that is asked for. */
  readonly strict?: boolean;
}

export interface FleetEventPageOptions extends FleetEventChoice, PageOptions {
  /** Events after this one, the oldest first; `0` from the first that is kept. */
  readonly after?: string;
}

/** What happened to the fleet: its agents and its circuit breakers. */
export interface FleetEventsClient {
  /** The newest ones, or those after one of them. */
  listFleetEvents(options?: FleetEventPageOptions): Promise<Page<FleetEvent>>;
  /** From now on, or after `after`, without an end; survives broken connections. */
  fleetEvents(options?: FleetEventChoice & FollowOptions): AsyncGenerator<FleetEvent | FleetEventGap>;
}

interface Calls {
  readonly get: <T>(path: string, options?: CallOptions, query?: Call['query']) => Promise<T>;
  readonly transport: Transport;
}

export function fleetEventCalls({ get, transport }: Calls): FleetEventsClient {
  return {
    listFleetEvents: (o) =>
      get('/v1/events', o, { ...choiceQuery(o), limit: o?.limit, cursor: o?.cursor, after: o?.after }),
    fleetEvents(options = {}) {
      const stream = {
        path: '/v1/events/stream',
        query: choiceQuery(options),
        plural: 'events of the fleet',
        idOf: (event: FleetEvent | FleetEventGap) =>
          event.event_type === 'gap' ? undefined : event.event_id,
        isOver: () => false,
      };
      return followStream(transport, stream, options);
    },
  };
}

function choiceQuery({ eventTypes, agentTypes, agentIds, strict }: FleetEventChoice = {}): NonNullable<
  Call['query']
> {
  return {
    event_types: eventTypes?.join(','),
    agent_types: agentTypes?.join(','),
    agent_ids: agentIds?.join(','),
    strict: strict === true ? 'true' : undefined,
  };
}
