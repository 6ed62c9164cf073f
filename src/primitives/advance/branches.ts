import type { EachNode, Join, ParallelNode, PlanNode, SettledError } from '../plan/node.ts';
import { walk } from './advance.ts';
import { done, failed, PENDING, type Outcome } from './facts.ts';
import { leafOf } from './leaves.ts';
import {
  callPure,
  decided,
  errorOf,
  giveUp,
  join,
  mark,
  Undecided,
  type Scope,
  type StateCell,
} from './scope.ts';

interface Branch {
  readonly key: string;
  readonly node: PlanNode;
  readonly path: string;
  readonly input: unknown;
}

/** One branch as the join sees it. */
export type Settled =
  | { readonly status: 'ok'; readonly value: unknown }
  | { readonly status: 'error'; readonly error: SettledError };

export function walkParallel(node: ParallelNode, path: string, input: unknown, scope: Scope): Outcome {
  const branches = node.branches.map(({ key, node: body }) => ({
    key,
    node: body,
    path: join(path, key),
    input,
  }));
  const outcome = walkBranches(branches, path, node, scope);
  if (outcome.state !== 'done' || node.shape === 'tuple') return outcome;
  const values = outcome.value as readonly unknown[];
  return done(Object.fromEntries(branches.map(({ key }, index) => [key, values[index]])));
}

export function walkEach(node: EachNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.name);
  let items: readonly unknown[];
  try {
    items = callPure(node.items, input, here, scope);
  } catch (thrown) {
    if (thrown instanceof Undecided) throw thrown;
    return failed(errorOf(thrown, here, scope, 'definition_error'));
  }
  if (items.length > node.maxItems) {
    return failed({
      code: 'map_too_large',
      message: `"${node.name}" has ${items.length} items; at most ${node.maxItems} are allowed`,
      path: here,
      retryable: false,
      at: scope.facts.nowMs,
    });
  }
  const branches = items.map((item, index) => ({
    key: String(index),
    node: node.body,
    path: join(here, String(index)),
    input: item,
  }));
  return walkBranches(branches, here, node, scope);
}

/**
 * Branches run side by side, at most `concurrency` unsettled ones at a time. Once the join is decided (the first
 * failure of `all`, enough successes of `atLeast`), the other branches are given up; the node settles when they
 * have settled too, so that nothing below it is still going on.
 */
function walkBranches(
  branches: readonly Branch[],
  path: string,
  node: Pick<ParallelNode, 'join' | 'failIfNone' | 'concurrency' | 'mergeState'>,
  scope: Scope,
): Outcome {
  const { join: joinRule, concurrency, mergeState } = node;
  const key = mark(path, 'join');
  const decision = Object.hasOwn(scope.facts.decisions, key)
    ? (scope.facts.decisions[key] as JoinDecision)
    : null;
  const inside = decision === null ? scope : giveUp(scope, { ...LOST, path, by: key });
  const states = branches.map((): StateCell => ({ value: scope.state.value }));
  const outcomes = walkAll(branches, concurrency, inside, states);
  if (decision === null) {
    const early = decideEarly(outcomes, joinRule);
    if (early !== null && scope.abandonment === null) {
      decided(scope, key, () => early);
      return PENDING;
    }
  }
  if (outcomes.some((outcome) => outcome.state === 'pending')) return PENDING;
  if (decision === null && isLost(outcomes, node)) {
    // Which one failed first must not depend on when somebody looks.
    decided(scope, key, () => ({ failed: firstFailure(outcomes)! }));
    return PENDING;
  }
  const outcome = settle(outcomes, node, decision);
  if (outcome.state !== 'done' || mergeState === undefined) return outcome;
  try {
    scope.state.value = mergeState(
      scope.state.value,
      states.map(({ value }) => value),
    );
    return outcome;
  } catch (thrown) {
    return failed(errorOf(thrown, path, scope, 'definition_error'));
  }
}

type JoinOf = Pick<ParallelNode, 'join' | 'failIfNone'>;

type JoinDecision = { readonly failed: number } | { readonly won: readonly number[] };

const LOST = { code: 'cancelled', message: 'its join was decided without it' } as const;

function walkAll(
  branches: readonly Branch[],
  concurrency: number,
  scope: Scope,
  states: readonly StateCell[],
): Outcome[] {
  let open = 0;
  return branches.map((branch, index) => {
    if (open >= concurrency && scope.abandonment === null) return PENDING;
    const isLarge = leafOf(branch.node) === null;
    const scopes = isLarge ? [...scope.scopes, branch.path] : scope.scopes;
    const inside = { ...scope, scopes, state: states[index]! };
    const outcome = walk(branch.node, branch.path, branch.input, inside);
    if (outcome.state === 'pending') {
      open++;
      if (isLarge) scope.findings.openScopes.add(branch.path);
    }
    return outcome;
  });
}

function decideEarly(outcomes: readonly Outcome[], joinRule: Join): JoinDecision | null {
  if (joinRule === 'settled') return null;
  const isOpen = outcomes.some((outcome) => outcome.state === 'pending');
  if (joinRule === 'all') {
    const first = firstFailure(outcomes);
    return first === null || !isOpen ? null : { failed: first };
  }
  const won = outcomes.flatMap((outcome, index) => (outcome.state === 'done' ? [index] : []));
  if (won.length >= joinRule.atLeast) return isOpen ? { won: won.slice(0, joinRule.atLeast) } : null;
  const lost = outcomes.filter((outcome) => outcome.state === 'failed').length;
  const first = firstFailure(outcomes);
  return isOpen && first !== null && outcomes.length - lost < joinRule.atLeast ? { failed: first } : null;
}

/** Several failures, and nothing that could make up for them. */
function isLost(outcomes: readonly Outcome[], { join: joinRule, failIfNone }: JoinOf): boolean {
  const lost = outcomes.filter((outcome) => outcome.state === 'failed').length;
  if (lost < 2) return false;
  if (joinRule === 'settled') return failIfNone === true && lost === outcomes.length;
  return joinRule === 'all' || outcomes.length - lost < joinRule.atLeast;
}

/** The failure that happened first; of simultaneous ones the one declared first. */
function firstFailure(outcomes: readonly Outcome[]): number | null {
  let first: number | null = null;
  let at = Infinity;
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.state !== 'failed' || outcome.error.at >= at) continue;
    first = index;
    at = outcome.error.at;
  }
  return first;
}

function settle(
  outcomes: readonly Outcome[],
  { join: joinRule, failIfNone }: JoinOf,
  decision: JoinDecision | null,
): Outcome {
  if (decision !== null && 'failed' in decision) return outcomes[decision.failed]!;
  const all = outcomes.map(toSettled);
  const first = firstFailure(outcomes);
  if (joinRule === 'settled') {
    const isNone = first !== null && outcomes.every((outcome) => outcome.state === 'failed');
    return isNone && failIfNone === true ? outcomes[first]! : done(all);
  }
  if (joinRule === 'all') return first === null ? done(valuesOf(outcomes)) : outcomes[first]!;
  const successes = outcomes.filter((outcome) => outcome.state === 'done').length;
  return successes >= joinRule.atLeast || first === null ? done(all) : outcomes[first]!;
}

function valuesOf(outcomes: readonly Outcome[]): unknown[] {
  return outcomes.map((outcome) => (outcome.state === 'done' ? outcome.value : undefined));
}

function toSettled(outcome: Outcome): Settled {
  if (outcome.state === 'done') return { status: 'ok', value: outcome.value };
  if (outcome.state === 'failed') {
    const { at: _at, ...error } = outcome.error;
    return { status: 'error', error };
  }
  throw new RangeError('a branch is still open');
}
