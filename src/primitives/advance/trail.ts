import type { PlanNode, StepNode, CallNode } from '../plan/node.ts';
import type { Outcome } from './facts.ts';
import type { Scope } from './scope.ts';

/** Follows a walk over a plan, for those who tell how it went. `bind` and leaves are entered like any other node. */
export interface Trail {
  enter(node: PlanNode, path: string, scope: Scope): void;
  leave(outcome: Outcome, scope: Scope): void;
  /** A leaf under the name it has where it stands, between the entering and the leaving of what holds it. */
  leaf(node: StepNode | CallNode, path: string, outcome: Outcome, scope: Scope): void;
}
