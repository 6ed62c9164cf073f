import type { PlanNode, SagaNode, StoredError } from '../plan/node.ts';
import { nameOf } from '../plan/children.ts';
import { walk } from './advance.ts';
import { done, failed, PENDING, type Outcome } from './facts.ts';
import { join, mark, type Scope } from './scope.ts';
import { lookAhead, stagePath } from './leaves.ts';

/** A step that ended like this may have done its work all the same, so it is undone too. */
const UNKNOWN_OUTCOME: ReadonlySet<string> = new Set([
  'step_timeout',
  'deadline_exceeded',
  'coordinator_lost',
  'cancelled',
  'worker_lost',
  'outcome_unknown',
]);

interface Undo {
  readonly node: PlanNode;
  readonly path: string;
  readonly input: { readonly input: unknown; readonly output?: unknown; readonly error: StoredError };
}

/**
 * Steps one after another; after a failure the completed ones are undone, newest first, one at a time.
 * Undoing ignores that the rest was given up, and one undo that fails does not stop the others.
 */
export function walkSaga(node: SagaNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = node.name === undefined ? path : join(path, node.name);
  const { sagas } = scope.findings;
  const walked = scope.isLookingBack ? scope.walkedSagas.get(here) : undefined;
  if (walked !== undefined) {
    sagas.push(...walked.finished);
    scope.state.value = walked.state;
    return walked.outcome;
  }
  const before = sagas.length;
  const outcome = walkSteps(node, here, input, scope);
  scope.walkedSagas.set(here, { outcome, finished: sagas.slice(before), state: scope.state.value });
  return outcome;
}

function walkSteps(node: SagaNode, here: string, input: unknown, scope: Scope): Outcome {
  const { sagas } = scope.findings;
  const before = sagas.length;
  let value = input;
  for (const [index, { node: stage }] of node.steps.entries()) {
    const outcome = walk(stage, stagePath(stage, here, index), value, scope);
    if (outcome.state === 'pending') {
      lookAhead(
        node.steps.slice(index).map((step) => step.node),
        here,
        scope,
      );
      return outcome;
    }
    if (outcome.state === 'failed') {
      const compensated = compensate(node, here, input, outcome.error, scope);
      sagas.length = before;
      return compensated;
    }
    value = outcome.value;
  }
  sagas.length = before;
  sagas.push({ node, path: here, input });
  return done(value);
}

function compensate(node: SagaNode, here: string, input: unknown, error: StoredError, scope: Scope): Outcome {
  const shielded: Scope = {
    ...scope,
    abandonment: null,
    givenUpBy: [],
    deadlineAtMs: null,
    isCompensation: true,
  };
  const failures: { path: string; error: StoredError }[] = [];
  const compensated: string[] = [];
  for (const undo of undosOf(node, here, input, error, scope).toReversed()) {
    const outcome = walk(undo.node, undo.path, undo.input, shielded);
    if (outcome.state === 'pending') return PENDING;
    if (outcome.state === 'failed') failures.push({ path: undo.path, error: outcome.error });
    else compensated.push(undo.path);
  }
  if (failures.length === 0) return failed({ ...error, details: { ...error.details, compensated } });
  return failed({
    code: 'saga_compensation_failed',
    message: `${failures.length} of ${failures.length + compensated.length} compensations of "${here}" failed after: ${error.message}`,
    path: here,
    retryable: false,
    at: scope.facts.nowMs,
    details: { cause: error, failures, compensated },
  });
}

/**
 * What must be undone, oldest first. A step without a compensation of its own may have completed sagas inside,
 * also when it failed after them: each is undone by its own list.
 */
function undosOf(node: SagaNode, here: string, input: unknown, error: StoredError, scope: Scope): Undo[] {
  const undos: Undo[] = [];
  let value = input;
  for (const [index, step] of node.steps.entries()) {
    const path = stagePath(step.node, here, index);
    const inside = silent(scope);
    const outcome = walk(step.node, path, value, inside);
    const isUnknown = outcome.state === 'failed' && UNKNOWN_OUTCOME.has(outcome.error.code);
    if (step.compensate === undefined || (outcome.state === 'failed' && !isUnknown)) {
      for (const saga of inside.findings.sagas) {
        undos.push(...undosOf(saga.node, saga.path, saga.input, error, scope));
      }
    } else if (outcome.state !== 'pending') {
      const output = outcome.state === 'done' ? { output: outcome.value } : {};
      undos.push({
        node: step.compensate,
        path: undoPath(step.node, path),
        input: { input: value, ...output, error },
      });
    }
    if (outcome.state !== 'done') break;
    value = outcome.value;
  }
  return undos;
}

function undoPath(node: PlanNode, path: string): string {
  const name = nameOf(node);
  return mark(name === undefined ? path : join(path, name), 'undo');
}

/** Looking back at what has an outcome finds nothing new. */
function silent(scope: Scope): Scope {
  return {
    ...scope,
    isLookingBack: true,
    state: { value: scope.state.value },
    findings: new (scope.findings.constructor as new () => Scope['findings'])(),
  };
}
