import type { BindNode, CallNode, FnNode, PlanNode, SequenceNode, StepNode, WaitNode } from '../plan/node.ts';
import { FleetError, isFleetError } from '../../kernel/errors.ts';
import { walk } from './advance.ts';
import { walkAlternatives } from './rounds.ts';
import { done, failed, PENDING, type Outcome } from './facts.ts';
import {
  abandonedError,
  callPure,
  decided,
  errorOf,
  join,
  mark,
  stateKey,
  Undecided,
  wasGivenUp,
  type Scope,
} from './scope.ts';

/** The queue of the runs that are called. */
export const CALLS_RUN_ON = 'flow';

/** A leaf has an outcome, or it is given up, or it must be on its way. */
export function walkLeaf(
  node: StepNode | CallNode,
  path: string,
  input: () => unknown,
  scope: Scope,
): Outcome {
  const outcome = leafOutcome(node, path, input, scope);
  scope.findings.trail?.leaf(node, join(path, node.name), outcome, scope);
  return outcome;
}

function leafOutcome(node: StepNode | CallNode, path: string, input: () => unknown, scope: Scope): Outcome {
  const { facts, findings, abandonment } = scope;
  const leaf = join(path, node.name);
  if (Object.hasOwn(facts.results, leaf)) {
    const left = facts.results[stateKey(leaf)];
    if (left !== undefined) scope.state.value = left as Scope['state']['value'];
    return done(facts.results[leaf]);
  }
  const error = Object.hasOwn(facts.errors, leaf) ? facts.errors[leaf] : undefined;
  if (error !== undefined) return failed(error);
  if (abandonment !== null) {
    // Recorded before anything follows from it, so that a late result changes nothing any more.
    const isCall = node.kind === 'call';
    const agent = node.kind === 'step' ? node.queue : CALLS_RUN_ON;
    findings.abandon.push({ path: leaf, agent, isCall, error: abandonedError(abandonment, leaf, scope) });
    return PENDING;
  }
  findings.add.push({
    path: leaf,
    node,
    input,
    state: scope.state.value,
    deadlineAtMs: scope.deadlineAtMs,
    isCompensation: scope.isCompensation,
    scopes: scope.scopes,
    chain: [],
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
    if (outcome.state === 'pending') lookAhead(node.stages.slice(index), path, scope);
    if (outcome.state !== 'done') return outcome;
    value = outcome.value;
  }
  return done(value);
}

/**
 * Steps that follow a step with nothing but glue in between need no decision: they can be put on their queues
 * together with it.
 */
export function lookAhead(stages: readonly PlanNode[], path: string, scope: Scope): void {
  const { add } = scope.findings;
  const first = stages[0] === undefined ? null : leafOf(stages[0]);
  const added = add.at(-1);
  if (first?.kind !== 'step' || added === undefined || added.path !== join(path, first.name)) return;
  const chain: { path: string; node: StepNode }[] = [];
  for (const stage of stages.slice(1)) {
    if (stage.kind === 'fn') continue;
    const leaf = leafOf(stage);
    if (leaf?.kind !== 'step') break;
    chain.push({ path: join(path, leaf.name), node: leaf });
  }
  add[add.length - 1] = { ...added, chain };
}

/** The step that a stage is, under the name it has there; null for anything larger. */
export function leafOf(stage: PlanNode): StepNode | CallNode | null {
  if (stage.kind === 'step' || stage.kind === 'call') return stage;
  if (stage.kind !== 'bind' || stage.optional) return null;
  const { body, id } = stage;
  return body.kind === 'step' || body.kind === 'call' ? { ...body, name: id } : null;
}

/** A stage with a name of its own needs no number before it; nameless composites are told apart by theirs. */
export function stagePath(stage: PlanNode, path: string, index: number): string {
  return 'name' in stage || 'id' in stage ? path : join(path, String(index));
}

/** Adds its result to the record of everything before it, under its id. */
export function walkBind(node: BindNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.id);
  const before = scope.state.value;
  const outcome = walkBound(node, path, here, input, scope);
  if (outcome.state === 'done') return done({ ...(input as object), [node.id]: outcome.value });
  if (outcome.state === 'failed' && node.optional && !wasGivenUp(outcome.error, scope)) {
    scope.state.value = before;
    scope.findings.isDegraded = true;
    scope.findings.branches.push({ path: here, branch: 'skipped' });
    return done({ ...(input as object), [node.id]: null });
  }
  return outcome;
}

/**
 * A bound step takes the id as its path, and its input is picked where it runs; so do the alternatives of a bound
 * step, each with its mark. What bears the id as its own name stands at it, anything else below it.
 */
function walkBound(node: BindNode, path: string, here: string, input: unknown, scope: Scope): Outcome {
  const pick = (): unknown => {
    try {
      return callPure(node.pick, input, here, scope);
    } catch (thrown) {
      if (thrown instanceof Undecided || isFleetError(thrown)) throw thrown;
      throw new FleetError({
        code: 'definition_error',
        kind: 'internal',
        retryable: false,
        message: `input of "${here}": ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        cause: thrown,
      });
    }
  };
  const walkOne = (body: PlanNode, id: string): Outcome => {
    if (body.kind === 'step' || body.kind === 'call') {
      return walkLeaf({ ...body, name: id }, path, pick, scope);
    }
    let picked: unknown;
    try {
      picked = pick();
    } catch (thrown) {
      if (thrown instanceof Undecided) throw thrown;
      return failed(errorOf(thrown, here, scope, 'definition_error'));
    }
    return walk(body, standsAtId(body, id) ? path : join(path, id), picked, scope);
  };
  if (node.body.kind !== 'fallback') return walkOne(node.body, node.id);
  return walkAlternatives(node.body, here, scope, (candidate, index) =>
    walkOne(candidate, index === 0 ? node.id : mark(node.id, `f${index}`)),
  );
}

function standsAtId(body: PlanNode, id: string): boolean {
  return 'name' in body && body.name === id;
}

/** Waits for a payload; a signal that came first is found there, one that came too late is not. */
export function walkWait(node: WaitNode, path: string, _input: unknown, scope: Scope): Outcome {
  const { facts, findings, abandonment } = scope;
  const here = join(path, node.name);
  const error = Object.hasOwn(facts.errors, here) ? facts.errors[here] : undefined;
  if (error !== undefined) return failed(error);
  const hasExpired = Object.hasOwn(facts.decisions, mark(here, 'expired'));
  if (!hasExpired && Object.hasOwn(facts.signals, node.name)) return done(facts.signals[node.name]);
  const dueAtMs = decided(scope, mark(here, 'due'), () => facts.nowMs + node.timeoutMs);
  if (dueAtMs === undefined) return PENDING;
  if (hasExpired) {
    if (node.onTimeout !== 'fail') return done(node.onTimeout.value);
    return failed({
      code: 'deadline_exceeded',
      message: `signal "${node.name}" did not come within ${node.timeoutMs} ms`,
      path: here,
      retryable: false,
      at: dueAtMs,
    });
  }
  if (abandonment !== null) {
    const givenUp = abandonedError(abandonment, here, scope);
    findings.abandon.push({ path: here, agent: null, isCall: false, error: givenUp });
    return PENDING;
  }
  if (facts.nowMs >= dueAtMs) {
    decided(scope, mark(here, 'expired'), () => true);
    return PENDING;
  }
  findings.waits.push({ path: here, name: node.name, dueAtMs, scopes: scope.scopes });
  return PENDING;
}
