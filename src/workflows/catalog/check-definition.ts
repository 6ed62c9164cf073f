import { AGENTS } from '../../contracts/agent-type.ts';
import { FleetError } from '../../kernel/errors.ts';
import { childrenOf } from '../../primitives/plan/children.ts';
import type { PlanNode } from '../../primitives/plan/node.ts';
import type { WorkflowDefinition } from '../definition.ts';

/**
 * Refuse a definition whose runs would never end on this fleet.
 *
 * Errors: invalid_workflow (invalid_input), with every problem and its place.
 */
export function checkDefinition({ name, version, plan }: WorkflowDefinition): void {
  const problems = problemsOf(plan, '');
  if (problems.length === 0) return;
  throw new FleetError({
    code: 'invalid_workflow',
    kind: 'invalid_input',
    status: 422,
    message: `workflow "${name}", version ${version}: ${problems.map(({ place, problem }) => `${place}: ${problem}`).join('; ')}`,
    details: { workflow: name, version, errors: problems },
  });
}

interface Problem {
  /** Names of the nodes from the root down. */
  readonly place: string;
  readonly problem: string;
}

function problemsOf(node: PlanNode, path: string): Problem[] {
  const here = (problem: string): Problem[] => [{ place: path === '' ? 'the plan' : path, problem }];
  if (node.kind === 'call')
    return here(`calls workflow "${node.workflow}", which only a plan in process can`);
  if (node.kind === 'step' && !AGENTS.some((agent) => agent === node.queue)) {
    return here(`no agent works on queue "${node.queue}"; steps go to ${AGENTS.join(', ')}`);
  }
  return childrenOf(node).flatMap((child) =>
    problemsOf(child.node, path === '' ? child.name : `${path}.${child.name}`),
  );
}
