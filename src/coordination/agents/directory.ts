import type { AgentId, AgentIdInput } from '../models/agent-id.ts';
import type { AgentRecord } from '../models/agent-record.ts';
import type { SavedState } from '../models/saved-state.ts';

/** A record with what follows from the present. */
export interface AgentView {
  readonly id: AgentId;
  /** `type:instance`. */
  readonly text: string;
  readonly record: AgentRecord;
  /** Whether the last heartbeat is no older than the agent's own time to live, by the clock of Redis. */
  readonly isAlive: boolean;
  readonly heartbeatAgeMs: number;
  /** What the agent saved last; only where it was asked for, null when there is none. */
  readonly state?: SavedState | null;
}

export interface AgentFilter {
  readonly type?: string;
  readonly isAlive?: boolean;
  /** Default false: states may be large. */
  readonly includeState?: boolean;
}

/** Who there is. Routing and matching read it; the registry writes it. */
export interface AgentDirectory {
  /** In the order of text forms, the dead included unless asked. Errors: redis_unavailable */
  list(filter?: AgentFilter): Promise<AgentView[]>;
  /** Null when nobody of that name was registered, or too long ago. Errors: redis_unavailable */
  get(agent: AgentIdInput): Promise<AgentView | null>;
}
