import type { ZodType, z } from 'zod';
import type { AgentName } from '../contracts/agent-type.ts';
import type { TurnRecord } from '../contracts/session.ts';
import type { OrchestrationResponse } from '../contracts/turn.ts';
import type { World } from '../contracts/world.ts';
import type { Compensators, OnFailure } from '../primitives/effects/effect.ts';
import type { PlanNode } from '../primitives/plan/node.ts';
import type { TurnFacts } from '../sessions/memory/turn-facts.ts';
import type { SessionContext } from '../sessions/session-context.ts';

/** What surrounds a step of the built-in agents when it begins. Only the inputs of steps may read it. */
export interface Surroundings {
  readonly session: SessionContext | null;
  /** The world as it stood when the step began; null outside a session. */
  readonly world: World | null;
  /** Oldest first. */
  readonly recentTurns: readonly TurnRecord[];
}

/** What a reply is made from: the run's input, the results of its steps by path, and its session. */
export interface ReplyFacts<I> {
  readonly input: I;
  readonly results: Readonly<Record<string, unknown>>;
  readonly session: SessionContext | null;
  /** World and last turns only where the definition `looksAround`. */
  readonly around: Surroundings;
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
  /** What the session is to remember of it beside intent and themes; default: nothing. */
  readonly remembered?: Partial<Pick<TurnFacts, 'feeling' | 'topic' | 'place' | 'person' | 'elements'>>;
}

/** A named, versioned, immutable plan that turns one validated input into one output. */
export interface WorkflowDefinition<S extends ZodType = ZodType> {
  readonly name: string;
  readonly version: number;
  readonly input: S;
  readonly timeoutMs: number;
  /** The text must have been understood before the run begins, because no step does it. */
  readonly needsIntent: boolean;
  /** A run of it outside a session would fail: none is admitted. Default false. */
  readonly needsSession?: boolean;
  readonly plan: PlanNode;
  /** `stepwise` wakes the run job after every step, although nothing is to be decided; default `segmented`. */
  readonly mode?: 'segmented' | 'stepwise';
  /** Makes a turn of what came out; without it, and where it gives null, the plan's own output is the run's output. */
  reply?(facts: ReplyFacts<z.output<S>>): RunReply | null;
  /**
   * What a turn says when its run has failed: a kind word that changes nothing. Left out, or null: nothing is said.
   */
  lastResort?(facts: ReplyFacts<z.output<S>>): RunReply | null;
  /** Its reply is told from the world and the last turns of its session as they stand at the end. */
  readonly looksAround?: boolean;
  /** It was registered over HTTP and can be deleted: a run of it is admitted only while it is there. */
  readonly isStored?: boolean;
  /** What becomes of the effects of a run that does not complete; default: all are undone. */
  readonly onFailure?: OnFailure;
  /** What its steps may ask for with `onRollback`. */
  readonly compensators?: Compensators;
}
