import type { AgentMessage, AgentMessageInput, MessageResult } from '../models/message.ts';
import type { AgentResources } from '../models/agent-record.ts';
import type { JsonValue } from '../../kernel/json.ts';
import type { JsonObject } from '../models/json.ts';
import type { Logger } from '../ports.ts';

/** What an agent says of itself when it is asked. */
export interface HealthReport {
  readonly status: 'healthy' | 'initializing' | 'degraded' | 'unhealthy';
  readonly reason?: string;
}

/** Where a job comes from that an agent is called for. */
export interface AgentJob {
  /** The workflow run that it is a step of; null: it belongs to none. */
  readonly workflow_id: string | null;
  /** Name of the workflow. */
  readonly workflow: string | null;
  /** Path of the step in its workflow. */
  readonly step: string | null;
  /** 1 for the first one. */
  readonly attempt: number;
  /** Equal on every attempt and delivery of the same work: what was done under it is not to be done again. */
  readonly idempotency_key: string;
  readonly session_id?: string;
  readonly world_id?: string;
}

interface CallContext {
  /** Aborts when the call takes too long, its work was cancelled or lost to somebody else, or the agent stops. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  send(message: AgentMessageInput): Promise<MessageResult>;
}

/** What an agent is given with a message, or with a job. An agent that nothing brings jobs has no use for `job`. */
export type AgentCallContext = CallContext &
  (
    | { readonly message: AgentMessage; readonly job: null }
    | { readonly message: null; readonly job: AgentJob }
  );

/**
 * An agent: who it is and what it does with a message, or with a job where something brings it jobs. Everything but `type`
 * and `process` may be left out. What `process` returns answers a `request`, and is the result of a job; what it throws is
 * tried again unless it is a `PermanentFailure`.
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
  /** Whether a job that was begun and lost may be done again. Messages are delivered again in any case. Default false. */
  readonly idempotent?: boolean;
  /**
   * @param payload  of a message an object; of a job whatever JSON it was given
   * @returns what a request is answered with, an object; of a job any JSON; nothing stands for `{}`
   */
  process(payload: JsonObject, context: AgentCallContext): Promise<JsonValue | void>;
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
