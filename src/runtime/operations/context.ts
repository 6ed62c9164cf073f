import type { Queue } from 'bullmq';
import type { Config } from '../../../config/schema.ts';
import type { IpaOutput } from '../../contracts/intent.ts';
import type { RunNotices } from '../../events/run-notices.ts';
import type { EventLog } from '../../realtime/event-log.ts';
import type { OwnedSession } from '../../sessions/session-store.ts';
import type { CircuitStore } from '../../resilience/shared/circuit-store.ts';
import type { DeadLetterContext } from '../../workflows/dead-letters.ts';
import type { AgentTypes } from '../../workflows/registry/agent-types.ts';
import type { DefinitionRegistry } from '../../workflows/registry/registry.ts';
import type { Ingress } from './ingress.ts';
import type { SafetyRoom } from '../open-safety-room.ts';
import type { SafetyState } from '../open-safety-state.ts';
import type { FleetCoordination } from '../open-coordination.ts';

import type { People } from '../open-people.ts';

/** What the operations are made from. */
export interface OperationsContext {
  readonly workflows: DeadLetterContext;
  /** null: the definitions are a fixed set. */
  readonly registry: DefinitionRegistry | null;
  /** The types of agents that modules brought, which definitions may name. */
  readonly agentTypes: AgentTypes;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly circuits: CircuitStore;
  readonly notices: RunNotices;
  readonly eventLog: EventLog;
  readonly sessionTtlSeconds: number;
  readonly requireNoeviction: boolean;
  /** Judges players' lines before anything is done with them; null: nobody does. */
  readonly ingress: () => Promise<Ingress | null>;
  /** Opened when it is first needed: a command that asks for a list needs no word lists. */
  readonly safety: () => Promise<SafetyRoom>;
  readonly isSafetyEnabled: boolean;
  readonly config: Config;
  /** Opened when it is first needed. */
  readonly people: () => Promise<People>;
  /** What a text means in its session, found locally within milliseconds. */
  readonly understand: (text: string, session: OwnedSession | null) => Promise<IpaOutput>;
  readonly safetyState: SafetyState;
  readonly safetySettings: Config['safety'];
  readonly coordination: FleetCoordination;
}
