import { z, type ZodType } from 'zod';
import type { FieldProblem } from '../../kernel/errors.ts';
import { chained, type ChainBuilder } from '../compose/chain-builder.ts';
import { outputOf, refuseProblems, SCOPE } from '../compose/workflow-builder.ts';
import type { Workflow } from '../compose/workflow.ts';
import { childrenOf } from '../plan/children.ts';
import type { OnFailure } from '../effects/effect.ts';
import type { PlanNode } from '../plan/node.ts';
import { workflowProblems } from '../plan/workflow-problems.ts';
import { lookupIn, withinTime, type Agents, type DefaultUse } from './agents.ts';
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

/** A definition without code, made runnable. */
export interface DefinedWorkflow extends Workflow<unknown, unknown> {
  readonly form: 'compact' | 'full';
  /** The steps that take what their agents take by default. */
  readonly defaults: readonly DefaultUse[];
}

const DEFAULT_TIMEOUT_MS = 300_000;
const MAX_NESTING = 100;

/**
 * A definition without code as the same plan that the builder makes. Both shapes are known: with `nodes` it is
 * the full one, else the compact one.
 *
 * Errors: invalid_workflow (invalid_input, 422) with every problem: invalid_definition, empty_workflow,
 * invalid_name, duplicate_step_name, invalid_timeout, unknown_agent, unknown_ref, unknown_workflow, cyclic_call,
 * too_many_steps, duplicate_savepoint, unknown_savepoint, definition_error
 */
export function defineWorkflow(definition: unknown, options: DefineOptions): DefinedWorkflow {
  const problems: FieldProblem[] = [];
  const defaults: DefaultUse[] = [];
  const { form, name, version, timeoutMs, onFailure, built } = compile(
    definition,
    options,
    problems,
    defaults,
  );
  const { chain, output } = built;
  const plan = chained(
    [{ node: SCOPE }, ...chain.stages, { node: outputOf(name, output, z.unknown()) }],
    chain.hasUndo,
  );
  problems.push(
    ...chain.problems,
    ...callProblems(plan, name, options.workflows),
    ...workflowProblems({ name, version, timeoutMs, plan, onFailure }),
  );
  refuseProblems(name, withoutEchoes(problems));
  const { input = z.unknown() } = options;
  return Object.freeze({
    name,
    version,
    input,
    output: z.unknown(),
    timeoutMs,
    ...(onFailure === undefined ? {} : { onFailure }),
    plan,
    form,
    defaults,
  });
}

/** Where no agent was known there is no step left; that it is then empty says nothing new. */
function withoutEchoes(problems: readonly FieldProblem[]): readonly FieldProblem[] {
  const isHollow = problems.some(({ code }) => code === 'unknown_agent');
  return isHollow ? problems.filter(({ code }) => code !== 'empty_workflow') : problems;
}

interface Compiled {
  readonly form: DefinedWorkflow['form'];
  readonly name: string;
  readonly version: number;
  readonly timeoutMs: number;
  readonly onFailure: OnFailure | undefined;
  readonly built: { readonly chain: ChainBuilder; readonly output: (scope: never) => unknown };
}

function compile(
  definition: unknown,
  options: DefineOptions,
  problems: FieldProblem[],
  defaults: DefaultUse[],
): Compiled {
  const { timeoutMs: defaultMs = DEFAULT_TIMEOUT_MS } = options;
  const agents = lookupIn(options.agents);
  if (typeof definition === 'object' && definition !== null && 'nodes' in definition) {
    const full = parse(FullDefinition, definition);
    const { name, version, timeout_ms: timeoutMs = defaultMs, on_failure: onFailure } = full;
    const built = chainOf(full, withinTime(agents, timeoutMs), problems, defaults);
    return { form: 'full', name, version, timeoutMs, onFailure, built };
  }
  const compact = parse(CompactDefinition, definition);
  const { name, version, timeout_config: limits, on_failure: onFailure } = compact;
  const timeoutMs = limits.total_seconds === undefined ? defaultMs : Math.round(limits.total_seconds * 1000);
  const built = compactChainOf(compact, withinTime(agents, timeoutMs), problems, defaults);
  return { form: 'compact', name, version, timeoutMs, onFailure, built };
}

function parse<S extends ZodType>(schema: S, definition: unknown): z.output<S> {
  if (!isShallow(definition, MAX_NESTING)) {
    const message = `nested more than ${MAX_NESTING} levels deep`;
    refuseProblems('?', [{ path: '', code: 'invalid_definition', message }]);
  }
  const parsed = schema.safeParse(definition, { error: missing });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: path.map((part) => `/${String(part)}`).join(''),
    code: codeOf(path),
    message,
  }));
  refuseProblems(nameIn(definition), problems);
  throw parsed.error;
}

/** A value that may be anything, but must be there. */
function missing(issue: { readonly code?: string; readonly input?: unknown }): string | undefined {
  return issue.code === 'invalid_union' && issue.input === undefined ? 'is missing' : undefined;
}

/** What is no text or number at all is as wrong as one that cannot be. */
function codeOf(path: readonly PropertyKey[]): string {
  const field = String(path.at(-1) ?? '');
  if (TIMES.has(field)) return 'invalid_timeout';
  return field === 'name' || (field === 'id' && path.length > 1) ? 'invalid_name' : 'invalid_definition';
}

const TIMES: ReadonlySet<string> = new Set([
  'timeout_ms',
  'timeout_seconds',
  'per_step_seconds',
  'total_seconds',
]);

function nameIn(definition: unknown): string {
  const isNamed = typeof definition === 'object' && definition !== null && 'name' in definition;
  return isNamed && typeof definition.name === 'string' ? definition.name.slice(0, 64) : '?';
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
