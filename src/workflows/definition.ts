import type { z, ZodType } from 'zod';
import type { AgentName } from '../contracts/agent-type.ts';
import type { RetryPolicy } from '../contracts/retry.ts';
import type { TurnRecord } from '../contracts/session.ts';
import type { OrchestrationResponse } from '../contracts/turn.ts';
import type { World } from '../contracts/world.ts';
import type { SessionContext } from '../sessions/session-context.ts';

/**
 * What the callbacks of a definition may read. They are pure, synchronous and fast: no clock, no I/O, no
 * randomness, because they run again whenever a job is delivered again.
 */
export interface CallbackFacts<I> {
  readonly input: I;
  /** Step id -> output of the earlier steps. */
  readonly results: Readonly<Record<string, unknown>>;
  readonly session: SessionContext | null;
  /** The world as it stood when the step began; null outside a session. */
  readonly world: World | null;
  /** Oldest first. */
  readonly recentTurns: readonly TurnRecord[];
}

/** One job on an agent's queue. */
export interface StepDefinition<I = unknown> {
  readonly id: string;
  readonly agent: AgentName;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** How many finished turns of the session the step reads. */
  readonly recentTurns: number;
  input(facts: CallbackFacts<I>): unknown;
}

/** What a completed run says to the player and leaves in its session. */
export interface RunReply {
  readonly responseText: string;
  readonly nextActions: OrchestrationResponse['next_actions'];
  readonly intent: string | null;
  readonly worldState: OrchestrationResponse['updated_context']['world_state'];
  readonly lastAgent: AgentName;
  readonly tone?: string;
  readonly themes?: readonly string[];
  readonly templateIds?: readonly string[];
  readonly lastEntity?: string | null;
  readonly emotionalState?: string | null;
}

/**
 * A named, versioned, immutable chain of steps. A chain holds no decision, so the whole of it is one segment:
 * one nested flow, one wake-up at the end.
 */
export interface WorkflowDefinition<S extends ZodType = ZodType> {
  readonly name: string;
  readonly version: number;
  readonly input: S;
  readonly timeoutMs: number;
  /** The text must have been understood before the run begins, because no step does it. */
  readonly needsIntent: boolean;
  readonly steps: readonly StepDefinition<z.output<S>>[];
  reply(facts: Omit<CallbackFacts<z.output<S>>, 'world' | 'recentTurns'>): RunReply;
}
