import type { Caller } from '../../contracts/caller.ts';
import type { DefinitionSummary, DefinitionView } from '../../contracts/definition.ts';
import { toIso } from '../../kernel/clock.ts';
import { FleetError, isFleetError, type FieldProblem } from '../../kernel/errors.ts';
import { refuseProblems } from '../../primitives/compose/workflow-builder.ts';
import { drawPlan } from '../../primitives/plan/draw.ts';
import { findDefinition } from '../../workflows/catalog/catalog.ts';
import { checkCalls } from '../../workflows/catalog/check-calls.ts';
import type { WorkflowDefinition } from '../../workflows/definition.ts';
import { definitionInUse, deleteDefinition } from '../../workflows/registry/delete-definition.ts';
import { putDefinition, reservedName } from '../../workflows/registry/put-definition.ts';
import type { DefinitionRegistry } from '../../workflows/registry/registry.ts';
import type { OperationsContext } from './context.ts';

export function listDefinitions({ workflows: { catalog } }: OperationsContext): DefinitionSummary[] {
  return catalog.names().map((name) => ({
    name,
    latest: catalog.latest(name).version,
    versions: catalog.versions(name).map(versionOf),
  }));
}

/** Errors: workflow_not_found */
export async function getDefinition(
  ctx: OperationsContext,
  name: string,
  version?: number,
): Promise<DefinitionView> {
  return view(ctx, await lookUpDefinition(ctx, name, version));
}

interface Registered {
  readonly definition: DefinitionView;
  readonly created: boolean;
}

/**
 * Register a definition without code. What it answers holds for every process of the fleet within moments.
 *
 * Errors: invalid_workflow (422), reserved_name, version_exists (both conflict); each is counted
 */
export async function registerDefinition(
  ctx: OperationsContext,
  body: unknown,
  caller: Caller,
): Promise<Registered> {
  try {
    return await register(ctx, body, caller);
  } catch (error) {
    if (isFleetError(error)) countRefusal(ctx, error);
    throw error;
  }
}

function countRefusal({ workflows: { metrics } }: OperationsContext, error: FleetError): void {
  const { kind, code, problems = [] } = error;
  if (kind !== 'invalid_input' && kind !== 'conflict') return;
  for (const problem of problems.length === 0 ? [{ code }] : problems) {
    metrics.workflow_validation_errors_total.inc({ code: problem.code });
  }
}

async function register(ctx: OperationsContext, body: unknown, caller: Caller): Promise<Registered> {
  const registry = registryOf(ctx);
  // A type of agents that was announced a moment ago may not have been heard of here.
  await ctx.agentTypes.refresh();
  const candidate = registry.compile(body);
  const { name } = candidate;
  if (registry.isReserved(name)) throw reservedName(name);
  refuseProblems(name, fleetProblems(ctx, candidate));
  // A definition that compiles is an object with a name, and a version or none.
  const { version, ...content } = body as { readonly version?: number };
  const { store, clock } = ctx.workflows;
  const by = { created_at: toIso(clock.now()), created_by: caller.id };
  const put = await putDefinition(store, { name, version, content }, by);
  await registry.refresh();
  return { definition: await getDefinition(ctx, name, put.version), created: put.created };
}

/**
 * Delete one version, or all that were registered under the name.
 * Errors: workflow_not_found, reserved_name, definition_in_use (both conflict)
 */
export async function removeDefinition(
  ctx: OperationsContext,
  name: string,
  version?: number,
): Promise<void> {
  const registry = registryOf(ctx);
  if (registry.isReserved(name)) throw reservedName(name);
  const goes = (one: WorkflowDefinition): boolean =>
    one.name === name && (version === undefined || one.version === version);
  const all = allOf(ctx);
  const [caller] = newCallProblems(
    all,
    all.filter((one) => !goes(one)),
  ).map((problem) => problem.caller);
  if (caller !== undefined) throw definitionInUse(name, version, `workflow ${caller} calls it`);
  const { store, clock } = ctx.workflows;
  await deleteDefinition(store, name, version, clock.now());
  await registry.refresh();
}

/**
 * The definition a run is to have. One that was registered a moment ago may not have been heard of here, so what is
 * unknown is looked up before it is refused.
 * Errors: workflow_not_found, backend_unavailable
 */
export async function lookUpDefinition(
  ctx: OperationsContext,
  name: string,
  version?: number,
): Promise<WorkflowDefinition> {
  const { catalog } = ctx.workflows;
  try {
    return findDefinition(catalog, name, version);
  } catch (error) {
    if (ctx.registry === null || !isFleetError(error) || error.code !== 'workflow_not_found') throw error;
  }
  await ctx.registry.refresh();
  return findDefinition(catalog, name, version);
}

function view(ctx: OperationsContext, definition: WorkflowDefinition): DefinitionView {
  const { name, version, timeoutMs, plan } = definition;
  const stored = ctx.registry?.stored(name, version);
  const { hash, nodes, edges, notes } = drawPlan(plan, 'json');
  return {
    ...versionOf(definition),
    name,
    versions: ctx.workflows.catalog.versions(name).map(versionOf),
    timeout_ms: timeoutMs,
    sha256: stored?.sha256 ?? null,
    created_at: stored?.createdAt ?? null,
    created_by: stored?.createdBy ?? null,
    definition: stored?.content ?? null,
    graph: { hash, nodes: [...nodes], edges: [...edges], notes: [...notes] },
  };
}

function versionOf({ version, isStored }: WorkflowDefinition) {
  return { version, source: isStored === true ? ('stored' as const) : ('code' as const) };
}

/** What only this fleet can say: how long its runs may take, and what else they could call. */
function fleetProblems(ctx: OperationsContext, candidate: WorkflowDefinition): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const limitMs = ctx.workflows.settings.maxRunTimeoutMs;
  if (candidate.timeoutMs > limitMs) {
    const message = `${candidate.timeoutMs} ms is above the limit of ${limitMs} (workflow.error_handling.timeout_seconds)`;
    problems.push({ path: '/timeout_ms', code: 'invalid_timeout', message });
  }
  const others = allOf(ctx);
  const same = ({ name, version }: WorkflowDefinition): boolean =>
    name === candidate.name && version === candidate.version;
  const after = [...others.filter((one) => !same(one)), candidate];
  return [...problems, ...newCallProblems(others, after)];
}

function newCallProblems(before: readonly WorkflowDefinition[], after: readonly WorkflowDefinition[]) {
  const titleOf = (problem: ReturnType<typeof checkCalls>[number]): string =>
    `${problem.caller} ${problem.path} ${problem.code}`;
  const known = new Set(checkCalls(before).map(titleOf));
  return checkCalls(after).filter((problem) => !known.has(titleOf(problem)));
}

function allOf({ workflows: { catalog } }: OperationsContext): WorkflowDefinition[] {
  return catalog.names().flatMap((name) => catalog.versions(name));
}

function registryOf({ registry }: OperationsContext): DefinitionRegistry {
  if (registry !== null) return registry;
  throw new FleetError({
    code: 'feature_disabled',
    kind: 'forbidden',
    message: 'this fleet runs a fixed set of definitions',
  });
}
