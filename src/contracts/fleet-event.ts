import { z } from 'zod';
import { BreakerName } from './breaker.ts';
import { IsoTime } from './identifiers.ts';

export const FLEET_EVENT_TYPES = ['agent_status', 'circuit_breaker'] as const;
export const FleetEventType = z.enum(FLEET_EVENT_TYPES);
export type FleetEventType = z.infer<typeof FleetEventType>;

/** What an event says of an agent. */
export const AGENT_EVENT_STATUSES = ['online', 'offline', 'degraded', 'error', 'stopping'] as const;

const Envelope = {
  /** Where it stands in the log; streams and pages go on after it. */
  event_id: z.string(),
  timestamp: IsoTime,
  /** The part of the fleet that told it. */
  source: z.string(),
};

/** Something happened to an agent. */
const AgentStatusEvent = z.strictObject({
  ...Envelope,
  event_type: z.literal('agent_status'),
  /** `type:instance`. */
  agent_id: z.string(),
  agent_type: z.string(),
  instance: z.string(),
  /** What happened: `registered`, `lost`, `restarted` and so on. */
  kind: z.string(),
  /** How the agent is after it; null when the event says nothing of that. */
  status: z.enum(AGENT_EVENT_STATUSES).nullable(),
  /** The details of what happened. */
  metadata: z.record(z.string(), z.unknown()),
});

const CircuitState = z.enum(['closed', 'open', 'half_open']);

/** A circuit breaker changed its state, or something else of it is worth knowing. */
const CircuitEvent = z.strictObject({
  ...Envelope,
  event_type: z.literal('circuit_breaker'),
  breaker: BreakerName,
  state: CircuitState,
  /** Null when it is not known. */
  previous_state: CircuitState.nullable(),
  reason: z.enum([
    'circuit_transition',
    'circuit_recovery_overdue',
    'degraded_mode_activated',
    'degraded_mode_deactivated',
  ]),
});

/** Something that happened to the fleet, and to no run in particular. New types may come, and new fields. */
export const FleetEvent = z
  .discriminatedUnion('event_type', [AgentStatusEvent, CircuitEvent])
  .meta({ id: 'FleetEvent' });
export type FleetEvent = z.infer<typeof FleetEvent>;

type WithoutId<E> = E extends unknown ? Omit<E, 'event_id'> : never;
/** An event that has no place in the log yet. */
export type FleetEventDraft = WithoutId<FleetEvent>;

/** Which events are wanted: each list is "one of", an empty one says nothing. */
export interface FleetEventFilter {
  readonly eventTypes?: readonly FleetEventType[];
  /** These two say nothing of events that are not of agents, unless it is strict. */
  readonly agentTypes?: readonly string[];
  readonly agentIds?: readonly string[];
  /** Events without a field that is asked for are left out. */
  readonly strict?: boolean;
}

/** Events that a reader asked for and that are not kept any more. */
export const FleetEventGap = z
  .strictObject({
    event_type: z.literal('gap'),
    from_id: z.string(),
    oldest_available_id: z.string().nullable(),
    /** `retention`: they were too old; `log_reset`: the log began anew. */
    reason: z.enum(['retention', 'log_reset']),
  })
  .meta({ id: 'FleetEventGap' });
export type FleetEventGap = z.infer<typeof FleetEventGap>;

/** What can be asked of the events of a fleet. */
export interface FleetEventOperations {
  /**
   * After `after` the oldest first; without it the newest ones. `next` is where to go on, null when nothing more
   * is there now.
   */
  listFleetEvents(
    filter: FleetEventFilter,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ items: FleetEvent[]; next: string | null }>;
  /** Those after `after`, without it those from now on; goes on until it is aborted. */
  fleetEvents(
    filter: FleetEventFilter,
    options: { readonly after?: string; readonly signal: AbortSignal },
  ): AsyncIterable<FleetEvent | FleetEventGap>;
}
