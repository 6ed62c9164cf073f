import type { BindNode, PlanNode, StepNode } from '../../src/primitives/plan/node.ts';

/** A chain of named steps, the built-in workflows' shape, with its steps or their bindings changed. */
export function editChain(
  plan: PlanNode,
  edit: { step?: (step: StepNode) => StepNode; bind?: (bind: BindNode) => BindNode },
): PlanNode {
  switch (plan.kind) {
    case 'sequence':
      return { ...plan, stages: plan.stages.map((stage) => editChain(stage, edit)) };
    case 'bind': {
      const bind = edit.bind?.(plan) ?? plan;
      return { ...bind, body: editChain(bind.body, edit) };
    }
    case 'step':
      return edit.step?.(plan) ?? plan;
    default:
      return plan;
  }
}
