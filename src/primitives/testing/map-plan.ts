import type { PlanNode } from '../plan/node.ts';

/** The same plan with every leaf that `change` has something else for; everything between them is kept. */
export function mapLeaves(plan: PlanNode, change: (leaf: PlanNode) => PlanNode): PlanNode {
  const visit = (node: PlanNode): PlanNode => {
    switch (node.kind) {
      case 'step':
      case 'fn':
      case 'wait':
      case 'call':
        return change(node);
      case 'sequence':
        return { ...node, stages: node.stages.map(visit) };
      case 'parallel':
        return {
          ...node,
          branches: node.branches.map(({ key, node: branch }) => ({ key, node: visit(branch) })),
        };
      case 'when':
        return {
          ...node,
          onTrue: visit(node.onTrue),
          ...(node.onFalse === undefined ? {} : { onFalse: visit(node.onFalse) }),
        };
      case 'match':
        return {
          ...node,
          cases: visitMap(node.cases),
          ...(node.fallback === undefined ? {} : { fallback: visit(node.fallback) }),
        };
      case 'route':
        return { ...node, routes: visitMap(node.routes) };
      case 'each':
      case 'repeat':
      case 'retry':
      case 'timeout':
      case 'bind':
        return { ...node, body: visit(node.body) };
      case 'fallback':
        return { ...node, body: visit(node.body), alternatives: node.alternatives.map(visit) };
      case 'saga':
        return {
          ...node,
          steps: node.steps.map(({ node: stage, compensate }) => ({
            node: visit(stage),
            ...(compensate === undefined ? {} : { compensate: visit(compensate) }),
          })),
        };
    }
  };
  const visitMap = (nodes: ReadonlyMap<string, PlanNode>): ReadonlyMap<string, PlanNode> =>
    new Map([...nodes].map(([key, node]) => [key, visit(node)]));
  return visit(plan);
}
