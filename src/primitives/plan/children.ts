import type { PlanNode } from './node.ts';

/** The nodes directly below one, each under the name that tells it from its siblings. */
export function childrenOf(node: PlanNode): readonly { readonly name: string; readonly node: PlanNode }[] {
  switch (node.kind) {
    case 'step':
    case 'fn':
    case 'wait':
    case 'call':
      return [];
    case 'sequence':
      return node.stages.map((stage, index) => ({ name: nameOf(stage) ?? String(index), node: stage }));
    case 'parallel':
      return node.branches.map(({ key, node: branch }) => ({ name: key, node: branch }));
    case 'when':
      return [
        { name: 'then', node: node.onTrue },
        ...(node.onFalse === undefined ? [] : [{ name: 'else', node: node.onFalse }]),
      ];
    case 'match':
      return [
        ...[...node.cases].map(([name, child]) => ({ name, node: child })),
        ...(node.fallback === undefined ? [] : [{ name: 'default', node: node.fallback }]),
      ];
    case 'route':
      return [...node.routes].map(([name, child]) => ({ name, node: child }));
    case 'each':
    case 'repeat':
    case 'retry':
    case 'timeout':
    case 'bind':
      return [{ name: 'body', node: node.body }];
    case 'fallback':
      return [
        { name: 'body', node: node.body },
        ...node.alternatives.map((child, index) => ({ name: `~f${index + 1}`, node: child })),
      ];
    case 'saga':
      return node.steps.flatMap((step, index) => {
        const name = nameOf(step.node) ?? String(index);
        return [
          { name, node: step.node },
          ...(step.compensate === undefined ? [] : [{ name: `${name}~undo`, node: step.compensate }]),
        ];
      });
  }
}

/** The name a node was given; nameless composites are told apart by their place. */
export function nameOf(node: PlanNode): string | undefined {
  if ('name' in node) return node.name;
  return 'id' in node ? node.id : undefined;
}
