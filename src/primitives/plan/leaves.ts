import { nameOf } from './children.ts';
import type { PlanNode, StepNode } from './node.ts';

/** A step as it can be known before anything runs. */
export interface StaticLeaf {
  readonly path: string;
  readonly queue: string;
}

/** Plans never change, and every job of every run asks again. */
const known = new WeakMap<PlanNode, Leaves>();

interface Leaves {
  readonly list: readonly StaticLeaf[];
  readonly places: ReadonlyMap<string, number>;
}

/**
 * The steps of a plan whose paths are known beforehand, in the order in which they stand. Steps inside items and
 * rounds are left out: how many there are shows only when it runs.
 */
export function staticLeaves(plan: PlanNode): readonly StaticLeaf[] {
  return leavesOf(plan).list;
}

/** The place of a step among {@link staticLeaves}; 0 for one that only shows when it runs. */
export function placeAmongLeaves(plan: PlanNode, path: string): number {
  return leavesOf(plan).places.get(path) ?? 0;
}

function leavesOf(plan: PlanNode): Leaves {
  let leaves = known.get(plan);
  if (leaves === undefined) {
    const list = collectLeaves(plan);
    leaves = { list, places: new Map(list.map(({ path }, place) => [path, place])) };
    known.set(plan, leaves);
  }
  return leaves;
}

function collectLeaves(plan: PlanNode): StaticLeaf[] {
  const leaves: StaticLeaf[] = [];
  const add = (node: StepNode, path: string): void => {
    leaves.push({ path: join(path, node.name), queue: node.queue });
  };
  const visit = (node: PlanNode, path: string): void => {
    switch (node.kind) {
      case 'step':
        return add(node, path);
      case 'sequence':
        return node.stages.forEach((stage, index) => visit(stage, placeOf(stage, path, index)));
      case 'saga':
        return node.steps.forEach(({ node: stage }, index) =>
          visit(stage, placeOf(stage, node.name === undefined ? path : join(path, node.name), index)),
        );
      case 'bind':
        return visitBound(node.body.kind === 'fallback' ? node.body.body : node.body, path, node.id);
      case 'parallel':
        return node.branches.forEach((branch) => visit(branch.node, join(path, branch.key)));
      case 'when':
        visit(node.onTrue, join(path, `${node.name}.then`));
        if (node.onFalse !== undefined) visit(node.onFalse, join(path, `${node.name}.else`));
        return;
      case 'match':
      case 'route': {
        const branches = node.kind === 'match' ? node.cases : node.routes;
        for (const [key, branch] of branches) visit(branch, join(path, `${node.name}.${key}`));
        return;
      }
      case 'retry':
      case 'timeout':
      case 'fallback':
        return visit(node.body, path);
      default:
    }
  };
  const visitBound = (body: PlanNode, path: string, id: string): void => {
    if (body.kind === 'step') return add({ ...body, name: id }, path);
    visit(body, nameOf(body) === id ? path : join(path, id));
  };
  visit(plan, '');
  return leaves;
}

function placeOf(stage: PlanNode, path: string, index: number): string {
  return nameOf(stage) === undefined ? join(path, String(index)) : path;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
