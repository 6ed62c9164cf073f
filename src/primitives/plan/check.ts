import { z, type ZodType } from 'zod';
import { FleetError } from '../../kernel/errors.ts';
import { childrenOf, nameOf } from './children.ts';
import { namedSavepoints } from './savepoints.ts';
import type { RetryPolicy } from '../../resilience/backoff.ts';
import type { CachePolicy, PlanNode } from './node.ts';

const NAME = /^[a-zA-Z][\w-]{0,63}$/;
const MAX_TIMER_MS = 2_147_483_647;
const MAX_ATTEMPTS = 100;
const MAX_DEPTH = 32;
const MAX_NODES = 1000;

/** Something that cannot work, and the node it was found at. */
export interface PlanProblem {
  readonly path: string;
  readonly message: string;
  readonly code:
    | 'definition_error'
    | 'invalid_name'
    | 'duplicate_step_name'
    | 'invalid_timeout'
    | 'duplicate_savepoint';
}

type Refuse = (path: string, what: string, code?: PlanProblem['code']) => void;

/**
 * What can be known to be wrong before anything runs.
 * Errors: definition_error (invalid_input), naming the node
 */
export function checkPlan(plan: PlanNode): void {
  const [problem] = problemsOf(plan);
  if (problem === undefined) return;
  const { path, message } = problem;
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `${path === '' ? 'plan' : path}: ${message}`,
    details: { path },
  });
}

/** All of it. */
export function problemsOf(plan: PlanNode): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const refuse: Refuse = (path, message, code = 'definition_error') =>
    void problems.push({ path, message, code });
  let count = 0;
  const visit = (node: PlanNode, path: string, depth: number): void => {
    if (++count === MAX_NODES + 1) refuse(path, `a plan may have at most ${MAX_NODES} nodes`);
    if (depth > MAX_DEPTH) return refuse(path, `a plan may be at most ${MAX_DEPTH} levels deep`);
    checkNode(node, path, refuse);
    const names = new Set<string>();
    for (const { name, node: child } of childrenOf(node)) {
      if (names.has(name)) refuse(path, `two siblings are called "${name}"`, 'duplicate_step_name');
      names.add(name);
      visit(child, path === '' ? name : `${path}.${name}`, depth + 1);
    }
  };
  visit(plan, '', 1);
  problems.push(...namedSavepoints(plan).problems);
  return problems;
}

function checkNode(node: PlanNode, path: string, refuse: Refuse): void {
  const name = nameOf(node);
  if (name !== undefined) checkName(name, path, refuse);
  switch (node.kind) {
    case 'step':
      if (node.timeoutMs !== undefined) checkDuration(node.timeoutMs, 'timeout', path, refuse);
      checkRetry(node.retry, path, refuse);
      if (node.cache !== undefined) {
        checkCache(node.cache, path, refuse);
        if (node.cache.key === undefined && !hasJsonForm(node.input)) {
          refuse(path, 'cached() needs a key: not everything its input schema accepts has a JSON form');
        }
        if (!node.idempotent) refuse(path, 'a step that is not idempotent does more than a cache remembers');
      }
      if (!node.idempotent && (node.retry?.maxAttempts ?? 1) > 1) {
        refuse(path, 'a step that is not idempotent cannot be retried');
      }
      return;
    case 'sequence':
      return checkNotEmpty(node.stages.length, 'sequence', path, refuse);
    case 'parallel':
      checkNotEmpty(node.branches.length, 'parallel', path, refuse);
      for (const { key } of node.branches) if (node.shape === 'record') checkName(key, path, refuse);
      checkCount(node.concurrency, 'concurrency', path, refuse);
      return checkJoin(node.join, node.branches.length, path, refuse);
    case 'match':
      return checkNotEmpty(node.cases.size, 'match', path, refuse);
    case 'route':
      return checkNotEmpty(node.routes.size, 'route', path, refuse);
    case 'saga':
      return checkNotEmpty(node.steps.length, 'saga', path, refuse);
    case 'each':
      checkCount(node.maxItems, 'maxItems', path, refuse);
      checkJoin(node.join, node.maxItems, path, refuse);
      return checkCount(node.concurrency, 'concurrency', path, refuse);
    case 'repeat':
      return checkCount(node.maxIterations, 'maxIterations', path, refuse);
    case 'retry':
      return checkRetry(node.policy, path, refuse);
    case 'timeout':
    case 'wait':
      return checkDuration(node.timeoutMs, 'timeout', path, refuse);
    default:
  }
}

function checkCache(cache: CachePolicy, path: string, refuse: Refuse): void {
  checkDuration(cache.ttlMs, 'ttlMs', path, refuse);
  checkCount(cache.maxEntries, 'maxEntries', path, refuse);
  if (cache.maxBytes !== undefined) checkCount(cache.maxBytes, 'maxBytes', path, refuse);
  if (cache.staleIfErrorMs !== undefined) checkDuration(cache.staleIfErrorMs, 'staleIfErrorMs', path, refuse);
}

function hasJsonForm(schema: ZodType): boolean {
  try {
    z.toJSONSchema(schema, { io: 'input' });
    return true;
  } catch {
    return false;
  }
}

function checkName(name: string, path: string, refuse: Refuse): void {
  if (NAME.test(name)) return;
  refuse(path, `"${name}" is no name: expected a letter, then up to 63 of A-Z a-z 0-9 _ -`, 'invalid_name');
}

function checkRetry(policy: RetryPolicy | undefined, path: string, refuse: Refuse): void {
  if (policy === undefined) return;
  const { maxAttempts, factor, jitter } = policy;
  checkCount(maxAttempts, 'maxAttempts', path, refuse);
  if (maxAttempts > MAX_ATTEMPTS) refuse(path, `maxAttempts ${maxAttempts} is more than ${MAX_ATTEMPTS}`);
  if (!(factor >= 1)) refuse(path, `factor ${factor} must be at least 1`);
  if (!(jitter >= 0 && jitter <= 1)) refuse(path, `jitter ${jitter} must be from 0 to 1`);
  for (const ms of [policy.baseDelayMs, policy.maxDelayMs]) {
    if (ms !== 0) checkDuration(ms, 'a delay of', path, refuse);
  }
}

function checkDuration(ms: number, what: string, path: string, refuse: Refuse): void {
  if (Number.isInteger(ms) && ms > 0 && ms <= MAX_TIMER_MS) return;
  refuse(
    path,
    `${what} ${ms} must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}`,
    'invalid_timeout',
  );
}

function checkCount(count: number, what: string, path: string, refuse: Refuse): void {
  if (!Number.isInteger(count) || count < 1) refuse(path, `${what} ${count} must be a whole number from 1`);
}

function checkNotEmpty(count: number, what: string, path: string, refuse: Refuse): void {
  if (count === 0) refuse(path, `${what} has nothing in it`);
}

function checkJoin(join: unknown, branches: number, path: string, refuse: Refuse): void {
  if (typeof join !== 'object' || join === null || !('atLeast' in join)) return;
  const { atLeast } = join as { atLeast: number };
  if (Number.isInteger(atLeast) && atLeast >= 1 && atLeast <= branches) return;
  refuse(path, `join atLeast ${atLeast} must be a whole number from 1 to ${branches}`);
}
