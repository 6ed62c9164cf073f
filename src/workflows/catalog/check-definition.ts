import { AGENTS } from '../../contracts/agent-type.ts';
import type { FieldProblem } from '../../kernel/errors.ts';
import { refuseProblems } from '../../primitives/compose/workflow-builder.ts';
import { childrenOf } from '../../primitives/plan/children.ts';
import type { PlanNode } from '../../primitives/plan/node.ts';
import type { WorkflowDefinition } from '../definition.ts';

/**
 * Refuse a definition whose runs would never end on this fleet.
 *
 * Errors: invalid_workflow (invalid_input), with every problem and the names of the nodes down to it.
 */
export function checkDefinition({ name, plan }: WorkflowDefinition): void {
  refuseProblems(name, problemsOf(plan, ''));
}

function problemsOf(node: PlanNode, path: string): FieldProblem[] {
  if (node.kind === 'step' && !AGENTS.some((agent) => agent === node.queue)) {
    const message = `no agent works on queue "${node.queue}"; steps go to ${AGENTS.join(', ')}`;
    return [{ path, code: 'unknown_queue', message }];
  }
  return childrenOf(node).flatMap((child) =>
    problemsOf(child.node, path === '' ? child.name : `${path}.${child.name}`),
  );
}
