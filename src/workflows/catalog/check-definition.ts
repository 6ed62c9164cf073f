import { AGENTS } from '../../contracts/agent-type.ts';
import type { FieldProblem } from '../../kernel/errors.ts';
import { refuseProblems } from '../../primitives/compose/workflow-builder.ts';
import { childrenOf } from '../../primitives/plan/children.ts';
import type { PlanNode } from '../../primitives/plan/node.ts';
import type { WorkflowDefinition } from '../definition.ts';

/**
 * Refuse a definition whose runs would never end on this fleet.
 *
 * @param isServed  whether agents work on a queue; default: those of the fleet
 * Errors: invalid_workflow (invalid_input), with every problem and the names of the nodes down to it.
 */
export function checkDefinition(
  { name, plan }: WorkflowDefinition,
  isServed: (queue: string) => boolean = isFleetAgent,
): void {
  refuseProblems(name, problemsOf(plan, '', isServed));
}

function isFleetAgent(queue: string): boolean {
  return AGENTS.some((agent) => agent === queue);
}

function problemsOf(node: PlanNode, path: string, isServed: (queue: string) => boolean): FieldProblem[] {
  if (node.kind === 'step' && !isServed(node.queue)) {
    const message = `no agent works on queue "${node.queue}"; steps go to ${AGENTS.join(', ')}`;
    return [{ path, code: 'unknown_queue', message }];
  }
  return childrenOf(node).flatMap((child) =>
    problemsOf(child.node, path === '' ? child.name : `${path}.${child.name}`, isServed),
  );
}
