import { z, type ZodType } from 'zod';
import type { AnyPrimitive } from '../primitives/compose/primitive.ts';
import type { Workflow } from '../primitives/compose/workflow.ts';
import type { WorkflowDefinition } from './definition.ts';

/** What a primitive lacks to be run by a fleet. */
export interface DefinitionOptions {
  /** `^[a-z][a-z0-9_]{0,63}$` */
  readonly name: string;
  /** Default 1. A plan that changes needs the next one: runs keep the version they were started with. */
  readonly version?: number;
  /** What a run may be started with; default anything. */
  readonly input?: ZodType;
  /** A run's whole time; default five minutes. */
  readonly timeoutMs?: number;
}

/** A workflow, or a primitive that {@link asDefinition} has named. */
export type NamedPlan = WorkflowDefinition | Workflow<never, unknown>;

const RUN_TIMEOUT_MS = 300_000;

/** A plan as fleets know it: a workflow as it is, a primitive with a name. Whoever accepts it checks it. */
export function asDefinition(workflow: Workflow<never, unknown>): WorkflowDefinition;
export function asDefinition(primitive: AnyPrimitive, options: DefinitionOptions): WorkflowDefinition;
export function asDefinition(
  plan: Workflow<never, unknown> | AnyPrimitive,
  options?: DefinitionOptions,
): WorkflowDefinition {
  if (options === undefined) {
    const { name, version, input, timeoutMs, plan: node } = plan as Workflow<never, unknown>;
    return { name, version, input, timeoutMs, needsIntent: false, plan: node };
  }
  const { name, version = 1, input = z.unknown(), timeoutMs = RUN_TIMEOUT_MS } = options;
  return { name, version, input, timeoutMs, needsIntent: false, plan: plan.plan };
}

export function definitionsOf(plans: readonly NamedPlan[]): WorkflowDefinition[] {
  return plans.map((plan) => ('needsIntent' in plan ? plan : asDefinition(plan)));
}
