import type { FieldProblem } from '../../kernel/errors.ts';
import { nearest } from '../../kernel/suggest.ts';
import { childrenOf } from '../../primitives/plan/children.ts';
import { calledBy, MAX_CALL_DEPTH } from '../../primitives/plan/callable.ts';
import type { CallNode, PlanNode } from '../../primitives/plan/node.ts';
import type { WorkflowDefinition } from '../definition.ts';

type Callable = Pick<WorkflowDefinition, 'name' | 'version' | 'plan'>;

export interface CallProblem extends FieldProblem {
  readonly code: 'unknown_workflow' | 'cyclic_call' | 'call_too_deep';
  /** `name@version` of the definition that calls. */
  readonly caller: string;
}

interface Call {
  readonly path: string;
  readonly node: CallNode;
}

/**
 * What is wrong with the calls among definitions. A call without a version means the newest there is.
 *
 * - unknown_workflow: nobody has the name, or the version
 * - cyclic_call: it comes back to the definition it began in
 * - call_too_deep: more than {@link MAX_CALL_DEPTH} calls below one another
 */
export function checkCalls(definitions: readonly Callable[]): CallProblem[] {
  const callsOf = new Map(definitions.map((definition) => [definition, callsIn(definition.plan)]));
  const targetOf = ({ node }: Call): Callable | undefined => calledBy(node, definitions);
  const problems: CallProblem[] = [];
  for (const definition of definitions) {
    for (const call of callsOf.get(definition)!) {
      const problem = problemOf(definition, call);
      if (problem !== null) problems.push({ ...problem, path: call.path, caller: titleOf(definition) });
    }
  }
  return problems;

  function problemOf(caller: Callable, call: Call): Pick<CallProblem, 'code' | 'message'> | null {
    const { workflow, version } = call.node;
    const target = targetOf(call);
    if (target === undefined) {
      const what = version === undefined ? `"${workflow}"` : `${workflow}@${version}`;
      const near = nearest(
        workflow,
        definitions.map(({ name }) => name),
      );
      const hint = near === undefined || near === workflow ? '' : `; did you mean "${near}"?`;
      return { code: 'unknown_workflow', message: `there is no workflow ${what}${hint}` };
    }
    const way = wayBack(caller, target);
    if (way !== null) {
      return { code: 'cyclic_call', message: `calls itself: ${[caller, ...way].map(titleOf).join(' -> ')}` };
    }
    const depth = 1 + depthOf(target, new Set([caller]));
    if (depth <= MAX_CALL_DEPTH) return null;
    return {
      code: 'call_too_deep',
      message: `${depth} calls stand below one another; at most ${MAX_CALL_DEPTH} are allowed`,
    };
  }

  /** The definitions from `from` to `goal`, both included; null when there is no way. */
  function wayBack(goal: Callable, from: Callable, seen = new Set<Callable>()): readonly Callable[] | null {
    if (from === goal) return [from];
    if (seen.has(from)) return null;
    seen.add(from);
    for (const call of callsOf.get(from)!) {
      const target = targetOf(call);
      const rest = target === undefined ? null : wayBack(goal, target, seen);
      if (rest !== null) return [from, ...rest];
    }
    return null;
  }

  /** Calls below a definition; a circle elsewhere is its own definitions' problem. */
  function depthOf(definition: Callable, above: ReadonlySet<Callable>): number {
    if (above.has(definition) || above.size > MAX_CALL_DEPTH) return 0;
    const below = new Set([...above, definition]);
    const depths = callsOf.get(definition)!.map((call) => {
      const target = targetOf(call);
      return target === undefined ? 0 : 1 + depthOf(target, below);
    });
    return Math.max(0, ...depths);
  }
}

function callsIn(plan: PlanNode): Call[] {
  const calls: Call[] = [];
  const visit = (node: PlanNode, path: string): void => {
    if (node.kind === 'call') calls.push({ path, node });
    for (const child of childrenOf(node)) visit(child.node, `${path}/${child.name}`);
  };
  visit(plan, '');
  return calls;
}

function titleOf({ name, version }: Callable): string {
  return `${name}@${version}`;
}
