import { z, type ZodType } from 'zod';
import type { FieldProblem } from '../../kernel/errors.ts';
import { chained, type ChainBuilder } from '../compose/chain-builder.ts';
import { outputOf, refuseProblems, SCOPE } from '../compose/workflow-builder.ts';
import type { Workflow } from '../compose/workflow.ts';
import { childrenOf } from '../plan/children.ts';
import type { PlanNode } from '../plan/node.ts';
import { workflowProblems } from '../plan/workflow-problems.ts';
import type { Agents } from './agents.ts';
import { compactChainOf } from './compact.ts';
import { chainOf } from './full.ts';
import { CompactDefinition, FullDefinition } from './shapes.ts';

export interface DefineOptions {
  readonly agents: Agents;
  /** What a run's input must be; default: anything. */
  readonly input?: ZodType;
  /** Names that `call` may use; absent = not checked here. */
  readonly workflows?: ReadonlySet<string>;
  /** Where a definition has no total time; default 300 s. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 300_000;
const MAX_NESTING = 100;

/**
 * A definition without code as the same plan that the builder makes. Both shapes are known: with `nodes` it is
 * the full one, else the compact one.
 *
 * Errors: invalid_workflow (invalid_input, 422) with every problem: invalid_definition, empty_workflow,
 * invalid_name, duplicate_step_name, invalid_timeout, unknown_agent, unknown_ref, unknown_workflow, cyclic_call,
 * too_many_steps, definition_error
 */
export function defineWorkflow(definition: unknown, options: DefineOptions): Workflow<unknown, unknown> {
  const problems: FieldProblem[] = [];
  const { name, version, timeoutMs, built } = compile(definition, options, problems);
  const { chain, output } = built;
  const plan = chained(
    [{ node: SCOPE }, ...chain.stages, { node: outputOf(name, output, z.unknown()) }],
    chain.hasUndo,
  );
  problems.push(
    ...chain.problems,
    ...callProblems(plan, name, options.workflows),
    ...workflowProblems({ name, version, timeoutMs, plan }),
  );
  refuseProblems(name, problems);
  const { input = z.unknown() } = options;
  return Object.freeze({ name, version, input, output: z.unknown(), timeoutMs, plan });
}

interface Compiled {
  readonly name: string;
  readonly version: number;
  readonly timeoutMs: number;
  readonly built: { readonly chain: ChainBuilder; readonly output: (scope: never) => unknown };
}

function compile(definition: unknown, options: DefineOptions, problems: FieldProblem[]): Compiled {
  const { agents, timeoutMs: defaultMs = DEFAULT_TIMEOUT_MS } = options;
  if (typeof definition === 'object' && definition !== null && 'nodes' in definition) {
    const full = parse(FullDefinition, definition);
    const { name, version, timeout_ms: timeoutMs = defaultMs } = full;
    return { name, version, timeoutMs, built: chainOf(full, agents, problems) };
  }
  const compact = parse(CompactDefinition, definition);
  const { name, version, timeout_config: limits } = compact;
  const timeoutMs = limits.total_seconds === undefined ? defaultMs : limits.total_seconds * 1000;
  return { name, version, timeoutMs, built: compactChainOf(compact, agents, problems) };
}

function parse<S extends ZodType>(schema: S, definition: unknown): z.output<S> {
  if (!isShallow(definition, MAX_NESTING)) {
    const message = `nested more than ${MAX_NESTING} levels deep`;
    refuseProblems('?', [{ path: '', code: 'invalid_definition', message }]);
  }
  const parsed = schema.safeParse(definition);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: path.map((part) => `/${String(part)}`).join(''),
    code: 'invalid_definition',
    message,
  }));
  refuseProblems('?', problems);
  throw parsed.error;
}

/** What is nested too deep is refused before anything goes down into it. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((field) => isShallow(field, levels - 1));
}

function callProblems(
  plan: PlanNode,
  name: string,
  workflows: ReadonlySet<string> | undefined,
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const visit = (node: PlanNode, path: string): void => {
    if (node.kind === 'call' && node.workflow === name) {
      problems.push({ path, code: 'cyclic_call', message: `"${name}" calls itself` });
    } else if (node.kind === 'call' && workflows?.has(node.workflow) === false) {
      problems.push({ path, code: 'unknown_workflow', message: `no workflow "${node.workflow}"` });
    }
    for (const child of childrenOf(node)) visit(child.node, `${path}/${child.name}`);
  };
  visit(plan, '');
  return problems;
}
