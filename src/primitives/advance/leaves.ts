import type { BindNode, CallNode, FnNode, PlanNode, SequenceNode, StepNode, WaitNode } from '../plan/node.ts';
import { walk } from './advance.ts';
import { done, failed, PENDING, type Outcome } from './facts.ts';
import { callPure, decided, errorOf, join, mark, Undecided, type Scope } from './scope.ts';

/** A leaf has an outcome, or it is given up, or it must be on its way. */
export function walkLeaf(node: StepNode | CallNode, path: string, input: unknown, scope: Scope): Outcome {
  const { facts, findings, abandonment } = scope;
  const leaf = join(path, node.name);
  if (Object.hasOwn(facts.results, leaf)) return done(facts.results[leaf]);
  const error = Object.hasOwn(facts.errors, leaf) ? facts.errors[leaf] : undefined;
  if (error !== undefined) return failed(error);
  if (abandonment !== null) {
    // Recorded before anything follows from it, so that a late result changes nothing any more.
    findings.abandon.push({
      path: leaf,
      error: { ...abandonment, path: abandonment.path || leaf, retryable: false, at: facts.nowMs },
    });
    return PENDING;
  }
  findings.add.push({
    path: leaf,
    node,
    input,
    deadlineAtMs: scope.deadlineAtMs,
    isCompensation: scope.isCompensation,
  });
  return PENDING;
}

export function walkFn(node: FnNode, path: string, input: unknown, scope: Scope): Outcome {
  try {
    return done(callPure(node.apply, input, join(path, node.name), scope));
  } catch (thrown) {
    if (thrown instanceof Undecided) throw thrown;
    return failed(errorOf(thrown, join(path, node.name), scope, 'step_failed'));
  }
}

/** Each stage gets the output of the one before it; a failure stops. */
export function walkSequence(node: SequenceNode, path: string, input: unknown, scope: Scope): Outcome {
  let value = input;
  for (const [index, stage] of node.stages.entries()) {
    const outcome = walk(stage, stagePath(stage, path, index), value, scope);
    if (outcome.state !== 'done') return outcome;
    value = outcome.value;
  }
  return done(value);
}

/** A stage with a name of its own needs no number before it; nameless composites are told apart by theirs. */
export function stagePath(stage: PlanNode, path: string, index: number): string {
  return 'name' in stage || 'id' in stage ? path : join(path, String(index));
}

/** Adds its result to the record of everything before it, under its id. */
export function walkBind(node: BindNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.id);
  let picked: unknown;
  try {
    picked = callPure(node.pick, input, here, scope);
  } catch (thrown) {
    if (thrown instanceof Undecided) throw thrown;
    return failed(errorOf(thrown, here, scope, 'definition_error'));
  }
  // A bound step takes the id as its path; anything larger stands below it.
  const outcome =
    node.body.kind === 'step' || node.body.kind === 'call'
      ? walkLeaf({ ...node.body, name: node.id }, path, picked, scope)
      : walk(node.body, here, picked, scope);
  if (outcome.state === 'done') return done({ ...(input as object), [node.id]: outcome.value });
  if (outcome.state === 'failed' && node.optional && scope.abandonment === null) {
    scope.findings.isDegraded = true;
    scope.findings.branches.push({ path: here, branch: 'skipped' });
    return done({ ...(input as object), [node.id]: null });
  }
  return outcome;
}

/** Waits for a payload; a signal that came first is found there. */
export function walkWait(node: WaitNode, path: string, _input: unknown, scope: Scope): Outcome {
  const { facts, findings, abandonment } = scope;
  const here = join(path, node.name);
  if (Object.hasOwn(facts.signals, node.name)) return done(facts.signals[node.name]);
  const dueAtMs = decided(scope, mark(here, 'due'), () => facts.nowMs + node.timeoutMs);
  if (abandonment !== null) {
    return failed({ ...abandonment, path: abandonment.path || here, retryable: false, at: facts.nowMs });
  }
  if (dueAtMs === undefined) return PENDING;
  const expired =
    Object.hasOwn(facts.decisions, mark(here, 'expired')) || facts.nowMs >= dueAtMs
      ? decided(scope, mark(here, 'expired'), () => true)
      : false;
  if (expired === true) {
    if (node.onTimeout !== 'fail') return done(node.onTimeout.value);
    return failed({
      code: 'deadline_exceeded',
      message: `signal "${node.name}" did not come within ${node.timeoutMs} ms`,
      path: here,
      retryable: false,
      at: dueAtMs,
    });
  }
  findings.waits.push({ path: here, name: node.name, dueAtMs });
  findings.wakeAt(dueAtMs);
  return PENDING;
}
