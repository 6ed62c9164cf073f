import { z } from 'zod';
import { fromWire } from '../../src/resilience/backoff.ts';
import type { PlanNode, StepNode } from '../../src/primitives/plan/node.ts';
import { advance } from '../../src/primitives/advance/advance.ts';
import type { Continuation } from '../../src/primitives/advance/facts.ts';
import { checkPlan } from '../../src/primitives/plan/check.ts';
import { planHash } from '../../src/primitives/plan/hash.ts';
import { newRunId } from '../../src/kernel/ids.ts';
import { RETRY } from '../../src/workflows/catalog/settings.ts';
import { compileChildren, compileRunJob } from '../../src/workflows/compile.ts';
import type { WorkflowDefinition } from '../../src/workflows/definition.ts';

const Anything = z.record(z.string(), z.unknown());

/** The largest plan there may be. */
export const MOST_NODES = 1000;

/** Plans of about so many nodes, in the shapes that stress different parts of the compiler. */
export const LARGE_PLANS: Readonly<Record<string, (nodes: number) => PlanNode>> = {
  chain: (nodes) => sequence(times(nodes - 1, (index) => leaf(`s${index}`))),
  fan_out: (nodes) => parallel(times(nodes - 1, (index) => leaf(`s${index}`))),
  branches: (nodes) =>
    parallel(times(Math.floor((nodes - 1) / 3), (index) => sequence([leaf(`a${index}`), leaf(`b${index}`)]))),
  /** Branches in branches, glue and choices between steps. */
  nested: (nodes) => nested(nodes),
};

function nested(nodes: number): PlanNode {
  if (nodes < 12) return sequence(times(Math.max(1, nodes - 1), (index) => leaf(`s${index}`)));
  const third = Math.floor((nodes - 6) / 3);
  return sequence([
    leaf('first'),
    { kind: 'fn', name: 'glue', apply: (input: unknown) => input },
    parallel([nested(third), nested(third)]),
    { kind: 'when', name: 'again', test: () => true, onTrue: nested(third) },
    leaf('last'),
  ]);
}

/** What is compiled anew: no cache knows its plan. */
export function definitionOf(plan: PlanNode): WorkflowDefinition {
  return { name: 'large', version: 1, input: Anything, timeoutMs: 60_000, needsIntent: false, plan };
}

/** Everything that happens to a definition before its first jobs are added. @returns how many jobs that are */
export function compileAnew(definition: WorkflowDefinition): number {
  const { plan } = definition;
  checkPlan(plan);
  planHash(plan);
  const facts = { results: {}, errors: {}, decisions: {}, signals: {}, nowMs: 0 };
  const next: Continuation = advance(plan, {}, facts);
  const run = { run_id: newRunId(), priority: 'normal', generation: 0, correlation_id: 'c' } as const;
  const compiler = { definition, run };
  const children = compileChildren(compiler, '', next);
  compileRunJob(
    compiler,
    '',
    children.map(({ flow }) => flow),
  );
  return children.length;
}

function leaf(name: string): StepNode {
  return {
    kind: 'step',
    name,
    queue: 'nga',
    input: Anything,
    output: Anything,
    idempotent: true,
    retry: fromWire(RETRY),
    timeoutMs: 10_000,
  };
}

function sequence(stages: readonly PlanNode[]): PlanNode {
  return { kind: 'sequence', stages };
}

function parallel(nodes: readonly PlanNode[]): PlanNode {
  const branches = nodes.map((node, index) => ({ key: `b${index}`, node }));
  return { kind: 'parallel', shape: 'record', branches, join: 'all', concurrency: nodes.length };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
