import { FleetError } from '../../kernel/errors.ts';
import { childrenOf } from './children.ts';
import type { PlanNode } from './node.ts';

const NAME = /^[a-zA-Z][\w-]{0,63}$/;
const MAX_TIMER_MS = 2_147_483_647;
const MAX_DEPTH = 32;
const MAX_NODES = 1000;

/**
 * What can be known to be wrong before anything runs.
 * Errors: definition_error (invalid_input), naming the node
 */
export function checkPlan(plan: PlanNode): void {
  let count = 0;
  const visit = (node: PlanNode, path: string, depth: number): void => {
    if (++count > MAX_NODES) refuse(path, `a plan may have at most ${MAX_NODES} nodes`);
    if (depth > MAX_DEPTH) refuse(path, `a plan may be at most ${MAX_DEPTH} levels deep`);
    checkNode(node, path);
    const names = new Set<string>();
    for (const { name, node: child } of childrenOf(node)) {
      if (names.has(name)) refuse(path, `two siblings are called "${name}"`);
      names.add(name);
      visit(child, path === '' ? name : `${path}.${name}`, depth + 1);
    }
  };
  visit(plan, '', 1);
}

function checkNode(node: PlanNode, path: string): void {
  if ('name' in node) checkName(node.name, path);
  switch (node.kind) {
    case 'step':
      if (node.timeoutMs !== undefined) checkDuration(node.timeoutMs, 'timeout', path);
      if (!node.idempotent && (node.retry?.maxAttempts ?? 1) > 1) {
        refuse(path, 'a step that is not idempotent cannot be retried');
      }
      return;
    case 'sequence':
      return checkNotEmpty(node.stages.length, 'sequence', path);
    case 'parallel':
      checkNotEmpty(node.branches.length, 'parallel', path);
      for (const { key } of node.branches) if (node.shape === 'record') checkName(key, path);
      return checkJoin(node.join, node.branches.length, path);
    case 'match':
      return checkNotEmpty(node.cases.size, 'match', path);
    case 'route':
      return checkNotEmpty(node.routes.size, 'route', path);
    case 'saga':
      return checkNotEmpty(node.steps.length, 'saga', path);
    case 'each':
      checkCount(node.maxItems, 'maxItems', path);
      return checkCount(node.concurrency, 'concurrency', path);
    case 'repeat':
      return checkCount(node.maxIterations, 'maxIterations', path);
    case 'timeout':
    case 'wait':
      return checkDuration(node.timeoutMs, 'timeout', path);
    default:
  }
}

function checkName(name: string, path: string): void {
  if (!NAME.test(name))
    refuse(path, `"${name}" is no name: expected a letter, then up to 63 of A-Z a-z 0-9 _ -`);
}

function checkDuration(ms: number, what: string, path: string): void {
  if (Number.isInteger(ms) && ms > 0 && ms <= MAX_TIMER_MS) return;
  refuse(path, `${what} ${ms} must be a whole number of milliseconds from 1 to ${MAX_TIMER_MS}`);
}

function checkCount(count: number, what: string, path: string): void {
  if (!Number.isInteger(count) || count < 1) refuse(path, `${what} ${count} must be a whole number from 1`);
}

function checkNotEmpty(count: number, what: string, path: string): void {
  if (count === 0) refuse(path, `${what} has nothing in it`);
}

function checkJoin(join: unknown, branches: number, path: string): void {
  if (typeof join !== 'object' || join === null || !('atLeast' in join)) return;
  const { atLeast } = join as { atLeast: number };
  if (Number.isInteger(atLeast) && atLeast >= 1 && atLeast <= branches) return;
  refuse(path, `join atLeast ${atLeast} must be a whole number from 1 to ${branches}`);
}

function refuse(path: string, what: string): never {
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `${path === '' ? 'plan' : path}: ${what}`,
    details: { path },
  });
}
