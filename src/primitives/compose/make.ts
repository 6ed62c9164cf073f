import { DEFAULT_RETRY_POLICY } from '../../resilience/backoff.ts';
import { checkPlan } from '../plan/check.ts';
import { nameOf } from '../plan/children.ts';
import type { CachePolicy, PlanNode, StepNode } from '../plan/node.ts';
import type { AnyPrimitive, CacheOptions, Primitive } from './primitive.ts';
import { FleetError } from '../../kernel/errors.ts';

/** A plan as a primitive; checked here, so that what cannot work is refused before anything runs. */
export function make<I, O>(plan: PlanNode): Primitive<I, O> {
  checkPlan(plan);
  const primitive: Primitive<I, O> = {
    kind: plan.kind,
    name: nameOf(plan) ?? plan.kind,
    plan,
    pipe: (next) => make(sequenceOf([plan, next.plan])),
    retry: ({ retryIf, ...policy } = {}) => {
      const full = { ...DEFAULT_RETRY_POLICY, ...policy };
      const condition = retryIf === undefined ? {} : { retryIf };
      return plan.kind === 'step'
        ? make({ ...plan, retry: full, ...condition })
        : make({ kind: 'retry', policy: full, ...condition, body: plan });
    },
    timeout: (timeoutMs) =>
      plan.kind === 'step' && plan.retry === undefined
        ? make({ ...plan, timeoutMs })
        : make({ kind: 'timeout', timeoutMs, body: plan }),
    fallback: (alternative, options) =>
      make({
        kind: 'fallback',
        body: plan,
        alternatives: [alternative.plan],
        ...(options?.if === undefined ? {} : { appliesTo: options.if }),
      }),
    cached: (options) => make({ ...requireStep(plan, 'cached'), cache: cachePolicy(options) }),
    breaker: (name) => make({ ...requireStep(plan, 'breaker'), breaker: name }),
    named: (name) => make(renamed(plan, name)),
  };
  return Object.freeze(primitive);
}

/** Nested sequences are one: `pipe(a, b, c)`, `a.pipe(b).pipe(c)` and any nesting of them give the same plan. */
export function sequenceOf(plans: readonly PlanNode[]): PlanNode {
  const stages = plans.flatMap((plan) => (plan.kind === 'sequence' ? plan.stages : [plan]));
  return { kind: 'sequence', stages };
}

export function plansOf(primitives: readonly AnyPrimitive[]): PlanNode[] {
  return primitives.map((primitive) => primitive.plan);
}

function cachePolicy<I, O>(options: CacheOptions<I, O>): CachePolicy {
  // The functions among them are only ever called with this step's own input and output.
  const given = options as CacheOptions<never, never>;
  return { ttlMs: 3_600_000, maxEntries: 1000, tier: 'memory', version: 1, ...given };
}

function requireStep(plan: PlanNode, modifier: string): StepNode {
  if (plan.kind === 'step') return plan;
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `${modifier}() belongs on a step, not on a ${plan.kind}`,
  });
}

function renamed(plan: PlanNode, name: string): PlanNode {
  if ('name' in plan) return { ...plan, name };
  // A nameless composite gets its name from a surrounding sequence of one, which is flattened nowhere else.
  throw new FleetError({
    code: 'definition_error',
    kind: 'invalid_input',
    message: `a ${plan.kind} takes its name from where it stands; name its parts`,
  });
}
