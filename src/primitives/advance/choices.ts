import type { MatchNode, RouteNode, WhenNode } from '../plan/node.ts';
import { walk } from './advance.ts';
import { done, failed, PENDING, type Outcome } from './facts.ts';
import { callPure, decided, errorOf, join, mark, Undecided, type Scope } from './scope.ts';

export function walkWhen(node: WhenNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.name);
  let isTrue: boolean;
  try {
    isTrue = callPure(node.test, input, here, scope);
  } catch (thrown) {
    if (thrown instanceof Undecided) throw thrown;
    return failed(errorOf(thrown, here, scope, 'definition_error'));
  }
  const branch = isTrue ? 'then' : node.onFalse === undefined ? 'passthrough' : 'else';
  scope.findings.branches.push({ path: here, branch });
  if (isTrue) return walk(node.onTrue, join(here, 'then'), input, scope);
  return node.onFalse === undefined ? done(input) : walk(node.onFalse, join(here, 'else'), input, scope);
}

/** Own keys only: `constructor` and `__proto__` are unknown. */
export function walkMatch(node: MatchNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.name);
  let key: string;
  try {
    key = callPure(node.select, input, here, scope);
  } catch (thrown) {
    if (thrown instanceof Undecided) throw thrown;
    return failed(errorOf(thrown, here, scope, 'definition_error'));
  }
  const chosen = node.cases.get(key);
  if (chosen !== undefined) {
    scope.findings.branches.push({ path: here, branch: key });
    return walk(chosen, join(here, key), input, scope);
  }
  if (node.fallback !== undefined) {
    scope.findings.branches.push({ path: here, branch: 'default' });
    return walk(node.fallback, join(here, 'default'), input, scope);
  }
  return failed({
    code: 'no_case',
    message: `"${node.name}" has no case "${key}"; known: ${[...node.cases.keys()].join(', ')}`,
    path: here,
    retryable: false,
    at: scope.facts.nowMs,
  });
}

/** The choice depends on prices, load or chance, so it is recorded and never made again. */
export function walkRoute(node: RouteNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.name);
  let decision: { readonly route: string; readonly reason: string } | undefined;
  try {
    decision = decided(scope, mark(here, 'route'), () => callPure(node.choose, input, here, scope));
  } catch (thrown) {
    if (thrown instanceof Undecided) throw thrown;
    return failed(errorOf(thrown, here, scope, 'route_not_found'));
  }
  if (decision === undefined) return PENDING;
  const chosen = node.routes.get(decision.route);
  if (chosen === undefined) {
    return failed({
      code: 'route_not_found',
      message: `"${node.name}" has no route "${decision.route}"; known: ${[...node.routes.keys()].join(', ')}`,
      path: here,
      retryable: false,
      at: scope.facts.nowMs,
    });
  }
  scope.findings.branches.push({ path: here, branch: decision.route });
  remember(scope, { router: here, ...decision });
  return walk(chosen, join(here, decision.route), input, scope);
}

const MOST_ROUTINGS = 50;

/** Steps after a router may read what it chose. */
function remember(scope: Scope, routing: { router: string; route: string; reason: string }): void {
  const { value } = scope.state;
  const before = Array.isArray(value['routing_history']) ? value['routing_history'] : [];
  scope.state.value = { ...value, routing_history: [...before, routing].slice(-MOST_ROUTINGS) };
}
