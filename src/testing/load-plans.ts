import { FleetError } from '../kernel/errors.ts';
import { definitionsOf, type NamedPlan } from '../workflows/as-definition.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';

/**
 * The definitions that a module exports as `plans`.
 *
 * Errors: plans_missing (invalid_input) when it exports no such list
 */
export async function loadPlans(url: string): Promise<WorkflowDefinition[]> {
  const { plans } = (await import(url)) as { readonly plans?: unknown };
  // What the list holds is checked where definitions are accepted.
  if (Array.isArray(plans)) return definitionsOf(plans as NamedPlan[]);
  throw new FleetError({
    code: 'plans_missing',
    kind: 'invalid_input',
    message: `${url} exports no list "plans" of workflows and definitions`,
  });
}
