import type { PlanNode } from '../plan/node.ts';
import { walkEach, walkParallel } from './branches.ts';
import { walkMatch, walkRoute, walkWhen } from './choices.ts';
import type { Continuation, Facts, Outcome } from './facts.ts';
import { walkBind, walkFn, walkLeaf, walkSequence, walkWait } from './leaves.ts';
import type { Trail } from './trail.ts';
import { walkFallback, walkRepeat, walkRetry, walkTimeout } from './rounds.ts';
import { walkSaga } from './saga.ts';
import { Findings, Undecided, WHOLE_EXECUTION, type Scope } from './scope.ts';
import { PENDING } from './facts.ts';

/**
 * The pure core of both interpreters: from a plan, its input and the facts so far, what happens next. It has no
 * I/O and keeps nothing, so an execution may be continued by anybody at any moment.
 *
 * @param trail  told of every node that is walked, in the order of the walk; it changes nothing
 */
export function advance(plan: PlanNode, input: unknown, facts: Facts, trail?: Trail): Continuation {
  const findings = new Findings();
  findings.trail = trail;
  const scope: Scope = {
    facts,
    findings,
    abandonment: facts.ending ?? null,
    givenUpBy: facts.ending === undefined ? [] : [WHOLE_EXECUTION],
    deadlineAtMs: null,
    state: { value: facts.state ?? {} },
    isCompensation: false,
    walkedSagas: new Map(),
    isLookingBack: false,
    scopes: [],
  };
  const outcome = walk(plan, '', input, scope);
  return findings.toContinuation(outcome, scope.state.value);
}

export function walk(node: PlanNode, path: string, input: unknown, scope: Scope): Outcome {
  const { trail } = scope.findings;
  trail?.enter(node, path, scope);
  let outcome: Outcome = PENDING;
  try {
    outcome = walkNode(node, path, input, scope);
  } catch (thrown) {
    if (!(thrown instanceof Undecided)) throw thrown;
  }
  trail?.leave(outcome, scope);
  return outcome;
}

function walkNode(node: PlanNode, path: string, input: unknown, scope: Scope): Outcome {
  switch (node.kind) {
    case 'step':
    case 'call':
      return walkLeaf(node, path, () => input, scope);
    case 'fn':
      return walkFn(node, path, input, scope);
    case 'sequence':
      return walkSequence(node, path, input, scope);
    case 'parallel':
      return walkParallel(node, path, input, scope);
    case 'each':
      return walkEach(node, path, input, scope);
    case 'when':
      return walkWhen(node, path, input, scope);
    case 'match':
      return walkMatch(node, path, input, scope);
    case 'route':
      return walkRoute(node, path, input, scope);
    case 'repeat':
      return walkRepeat(node, path, input, scope);
    case 'retry':
      return walkRetry(node, path, input, scope);
    case 'timeout':
      return walkTimeout(node, path, input, scope);
    case 'fallback':
      return walkFallback(node, path, input, scope);
    case 'saga':
      return walkSaga(node, path, input, scope);
    case 'bind':
      return walkBind(node, path, input, scope);
    case 'wait':
      return walkWait(node, path, input, scope);
  }
}
