import type { FieldProblem } from '../../kernel/errors.ts';
import { savepointOf, START, type OnFailure } from '../effects/effect.ts';
import { problemsOf } from './check.ts';
import { childrenOf } from './children.ts';
import type { PlanNode } from './node.ts';
import { namedSavepoints } from './savepoints.ts';

const WORKFLOW_NAME = /^[a-z][a-z0-9_]{0,63}$/;
const MAX_STEPS = 200;

export interface WorkflowShape {
  readonly name: string;
  readonly version: number;
  readonly timeoutMs: number;
  readonly plan: PlanNode;
  readonly onFailure?: OnFailure | undefined;
}

/**
 * Everything that is wrong with a workflow and can be known before it runs, by the codes of its registration:
 * empty_workflow, invalid_name, duplicate_step_name, invalid_timeout, too_many_steps, duplicate_savepoint,
 * unknown_savepoint, definition_error.
 */
export function workflowProblems({
  name,
  version,
  timeoutMs,
  plan,
  onFailure,
}: WorkflowShape): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const add = (path: string, code: string, message: string): void =>
    void problems.push({ path, code, message });
  if (!WORKFLOW_NAME.test(name)) {
    add('/name', 'invalid_name', `"${name}" is no name: expected a letter, then up to 63 of a-z 0-9 _`);
  }
  if (!Number.isInteger(version) || version < 1) {
    add('/version', 'definition_error', `version ${version} must be a whole number from 1`);
  }
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    add('/timeout_ms', 'invalid_timeout', `timeout ${timeoutMs} must be a positive number`);
  }
  if (onFailure !== undefined) {
    const savepoint = savepointOf(onFailure);
    if (savepoint !== null && savepoint !== START && !namedSavepoints(plan).names.has(savepoint)) {
      add('/on_failure', 'unknown_savepoint', `no step makes a savepoint "${savepoint}"`);
    }
  }
  const steps = stepsOf(plan);
  if (steps.length === 0) add('', 'empty_workflow', 'a workflow needs at least one step');
  if (steps.length > MAX_STEPS) {
    add('', 'too_many_steps', `${steps.length} steps; at most ${MAX_STEPS} are allowed`);
  }
  for (const { path, timeoutMs: ownMs } of steps) {
    if (ownMs !== undefined && ownMs > timeoutMs) {
      add(path, 'invalid_timeout', `timeout ${ownMs} is longer than the ${timeoutMs} of the whole`);
    }
  }
  for (const { path, code, message } of problemsOf(plan)) add(pointer(path), code, message);
  return problems;
}

interface Step {
  readonly path: string;
  readonly timeoutMs?: number;
}

function stepsOf(plan: PlanNode): Step[] {
  const steps: Step[] = [];
  const visit = (node: PlanNode, path: string): void => {
    if (node.kind === 'step') {
      steps.push({ path, ...(node.timeoutMs === undefined ? {} : { timeoutMs: node.timeoutMs }) });
    }
    if (node.kind === 'call' || node.kind === 'wait') steps.push({ path });
    for (const child of childrenOf(node)) visit(child.node, `${path}/${child.name}`);
  };
  visit(plan, '');
  return steps;
}

function pointer(path: string): string {
  return path === '' ? '' : `/${path.replaceAll('.', '/')}`;
}
