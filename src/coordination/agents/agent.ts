import type { AgentMessage, AgentMessageInput, MessageResult } from '../models/message.ts';
import type { AgentResources } from '../models/agent-record.ts';
import type { JsonObject } from '../models/json.ts';
import type { Logger } from '../ports.ts';

/** What an agent says of itself when it is asked. */
export interface HealthReport {
  readonly status: 'healthy' | 'initializing' | 'degraded' | 'unhealthy';
  readonly reason?: string;
}

/** What an agent is given with a message. */
export interface AgentCallContext {
  /** Aborts when the call takes too long, its message was lost to somebody else, or the agent stops. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly message: AgentMessage;
  send(message: AgentMessageInput): Promise<MessageResult>;
}

/**
 * An agent: who it is and what it does with a message. Everything but `type` and `process` may be left out.
 * What `process` returns answers a `request`; what it throws is tried again unless it is a `PermanentFailure`.
 */
export interface CoordinatedAgent {
  readonly type: string;
  /** Default: one made of host, process and chance. */
  readonly instance?: string;
  readonly name?: string;
  readonly version?: string;
  /** Messages at once. Default: `resources.cpu_threads`, else 4. */
  readonly concurrency?: number;
  readonly resources?: AgentResources;
  /** What it can do, as `AgentCapability`s; checked when they are advertised. */
  readonly capabilities?: readonly unknown[];
  readonly metadata?: JsonObject;
  process(payload: JsonObject, context: AgentCallContext): Promise<JsonObject | void>;
  /** Whether it can work. It must not do real work. Five seconds at most. */
  healthCheck?(signal: AbortSignal): Promise<HealthReport>;
  /** It is to take no work from elsewhere, either; what it has in hand may take `graceMs`. */
  rest?(graceMs: number): Promise<void>;
  /** It may take such work again; called when it starts and after each rest. What is broken is to be made anew. */
  resume?(): void;
  /** What the next incarnation should know: JSON of at most 1 MiB. */
  exportState?(): unknown;
  /** Takes what `exportState` gave an earlier incarnation; returns the names of what it had to drop. */
  importState?(state: unknown): Promise<readonly string[] | void>;
}
