import { START } from '../effects/effect.ts';
import { childrenOf } from './children.ts';
import type { PlanNode } from './node.ts';

const NAME = /^[a-zA-Z][\w-]{0,63}$/;

export interface SavepointProblem {
  readonly path: string;
  readonly message: string;
  readonly code: 'invalid_name' | 'duplicate_savepoint';
}

/** Names of savepoints that are unique in every run of the plan: given once, and not where it repeats itself. */
export function namedSavepoints(plan: PlanNode): {
  readonly names: ReadonlySet<string>;
  readonly problems: readonly SavepointProblem[];
} {
  const names = new Set<string>();
  const problems: SavepointProblem[] = [];
  const visit = (node: PlanNode, path: string, isRepeated: boolean): void => {
    if (node.kind === 'step' && typeof node.savepoint === 'string') {
      const name = node.savepoint;
      if (!NAME.test(name) || name === START) {
        const message = `"${name}" is no name of a savepoint: expected a letter, then up to 63 of A-Z a-z 0-9 _ -, not "${START}"`;
        problems.push({ path, code: 'invalid_name', message });
      } else if (isRepeated) {
        const message = `savepoint "${name}" would be made in every round; use \`true\` to name each by its path`;
        problems.push({ path, code: 'duplicate_savepoint', message });
      } else if (names.has(name)) {
        problems.push({ path, code: 'duplicate_savepoint', message: `two savepoints are called "${name}"` });
      }
      names.add(name);
    }
    const repeats = isRepeated || node.kind === 'each' || node.kind === 'repeat';
    for (const { name, node: child } of childrenOf(node)) {
      visit(child, path === '' ? name : `${path}.${name}`, repeats);
    }
  };
  visit(plan, '', false);
  return { names, problems };
}
