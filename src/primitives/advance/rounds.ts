import { computeDelay } from '../../resilience/backoff.ts';
import type {
  FallbackNode,
  PlanNode,
  RepeatNode,
  RetryNode,
  StoredError,
  TimeoutNode,
} from '../plan/node.ts';
import { walk } from './advance.ts';
import { done, failed, PENDING, type Outcome } from './facts.ts';
import {
  callPure,
  decided,
  errorOf,
  giveUp,
  join,
  mark,
  Undecided,
  wasGivenUp,
  type Scope,
} from './scope.ts';

/** The body again and again, each time on what the last time gave, until `done` says so. */
export function walkRepeat(node: RepeatNode, path: string, input: unknown, scope: Scope): Outcome {
  const here = join(path, node.name);
  let value = input;
  for (let round = 0; round < node.maxIterations; round++) {
    const roundPath = mark(here, `r${round}`);
    const outcome = walk(node.body, roundPath, value, scope);
    if (outcome.state !== 'done') return outcome;
    value = outcome.value;
    try {
      if (callPure(node.done, value, roundPath, scope)) return done(value);
    } catch (thrown) {
      if (thrown instanceof Undecided) throw thrown;
      return failed(errorOf(thrown, here, scope, 'definition_error'));
    }
  }
  if (node.onExhausted === 'last') {
    scope.findings.isDegraded = true;
    scope.findings.branches.push({ path: here, branch: 'exhausted' });
    return done(value);
  }
  return failed({
    code: 'iterations_exhausted',
    message: `"${node.name}" was not done after ${node.maxIterations} rounds`,
    path: here,
    retryable: false,
    at: scope.facts.nowMs,
  });
}

/** A composite from its beginning, after a pause that nobody sleeps through. */
export function walkRetry(node: RetryNode, path: string, input: unknown, scope: Scope): Outcome {
  const { policy } = node;
  const level = levelOf(node);
  for (let attempt = 1; ; attempt++) {
    const attemptPath = attempt === 1 ? path : mark(path, `r${level}${attempt}`);
    const before = scope.state.value;
    const outcome = walk(node.body, attemptPath, input, scope);
    if (outcome.state !== 'failed') return outcome;
    scope.state.value = before;
    const { error } = outcome;
    const mayRetry = error.retryable && (node.retryIf?.(error) ?? true) && !wasGivenUp(error, scope);
    if (!mayRetry) return outcome;
    if (attempt >= policy.maxAttempts) {
      return failed({ ...error, details: { ...error.details, attempts: attempt } });
    }
    const pauseKey = mark(path, `p${level}${attempt}`);
    const isGivenUp = scope.abandonment !== null;
    if (isGivenUp && !Object.hasOwn(scope.facts.decisions, pauseKey)) continue;
    const dueAtMs = decided(
      scope,
      pauseKey,
      () => scope.facts.nowMs + computeDelay(policy, attempt, scope.facts.random ?? Math.random),
    );
    if (dueAtMs === undefined) return PENDING;
    if (scope.deadlineAtMs !== null && dueAtMs >= scope.deadlineAtMs) {
      return failed({
        code: 'deadline_exceeded',
        message: `no time is left for attempt ${attempt + 1}`,
        path,
        retryable: false,
        at: scope.facts.nowMs,
      });
    }
    // What begins after it was given up is given up at once, so there is nothing to pause for.
    if (!isGivenUp && scope.facts.nowMs < dueAtMs) {
      scope.findings.alarms.push({ atMs: dueAtMs, scopes: scope.scopes });
      return PENDING;
    }
  }
}

/**
 * A deadline for everything below. When it has passed, the leaves below are given up, sagas below still undo
 * what they did, and what then comes out is the outcome.
 */
export function walkTimeout(node: TimeoutNode, path: string, input: unknown, scope: Scope): Outcome {
  const { facts } = scope;
  const level = levelOf(node);
  const key = mark(path, `due${level}`);
  const dueAtMs = decided(scope, key, () => facts.nowMs + node.timeoutMs);
  if (dueAtMs === undefined) return PENDING;
  const deadlineAtMs = Math.min(dueAtMs, scope.deadlineAtMs ?? Infinity);
  const expiredKey = mark(path, `expired${level}`);
  if (!Object.hasOwn(facts.decisions, expiredKey)) {
    const outcome = walk(node.body, path, input, { ...scope, deadlineAtMs });
    if (outcome.state !== 'pending') return outcome;
    if (facts.nowMs >= dueAtMs) decided(scope, expiredKey, () => true);
    else scope.findings.alarms.push({ atMs: dueAtMs, scopes: scope.scopes });
    return PENDING;
  }
  const why = {
    code: 'deadline_exceeded',
    message: `took longer than ${node.timeoutMs} ms`,
    path,
    by: expiredKey,
  } as const;
  return walk(node.body, path, input, giveUp({ ...scope, deadlineAtMs }, why));
}

const NEVER_FALLS_BACK: ReadonlySet<string> = new Set(['input_invalid', 'cancelled']);

/** The next alternative, with the original input, when the one before it failed. */
export function walkFallback(node: FallbackNode, path: string, input: unknown, scope: Scope): Outcome {
  const level = levelOf(node);
  return walkAlternatives(node, path, scope, (candidate, index) =>
    walk(candidate, index === 0 ? path : mark(path, `f${level}${index}`), input, scope),
  );
}

/** One after the other until one succeeds. */
export function walkAlternatives(
  node: FallbackNode,
  path: string,
  scope: Scope,
  walkOne: (candidate: PlanNode, index: number) => Outcome,
): Outcome {
  const errors: StoredError[] = [];
  for (const [index, candidate] of [node.body, ...node.alternatives].entries()) {
    const before = scope.state.value;
    const outcome = walkOne(candidate, index);
    if (outcome.state === 'pending') return outcome;
    if (outcome.state === 'failed') scope.state.value = before;
    if (outcome.state === 'done') {
      if (index > 0) {
        scope.findings.isDegraded = true;
        scope.findings.branches.push({ path, branch: `fallback ${index}` });
      }
      return outcome;
    }
    errors.push(outcome.error);
    const applies = node.appliesTo?.(outcome.error) ?? !NEVER_FALLS_BACK.has(outcome.error.code);
    if (!applies || wasGivenUp(outcome.error, scope)) return outcome;
  }
  const primary = errors[0]!;
  return failed({
    code: 'fallback_exhausted',
    message: `${primary.message} (and ${errors.length - 1} alternatives failed)`,
    path,
    retryable: primary.retryable,
    at: scope.facts.nowMs,
    details: { cause: primary, errors },
  });
}

/**
 * These wrappers stand where their body stands, so one around another of its kind needs marks of its own: ''
 * for the innermost, then `1_`, `2_` …
 */
export function levelOf(node: RetryNode | TimeoutNode | FallbackNode): string {
  let level = 0;
  let body = node.body;
  while (body.kind === 'retry' || body.kind === 'timeout' || body.kind === 'fallback') {
    if (body.kind === node.kind) level++;
    body = body.body;
  }
  return level === 0 ? '' : `${level}_`;
}
