import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '../../resilience/backoff.ts';
import type { Priority } from '../../contracts/priority.ts';
import type { FieldProblem } from '../../kernel/errors.ts';
import type { FnContext, PlanNode, PureFn } from '../plan/node.ts';
import type { RetryOptions } from './chain.ts';
import type { AnyPrimitive } from './primitive.ts';

/** The options of a step as they are at run time; `Chain.step` has checked their types. */
export interface LooseStepOptions {
  readonly step?: AnyPrimitive;
  readonly agent?: AnyPrimitive;
  readonly input: (scope: never, ctx: FnContext) => unknown;
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions;
  readonly fallback?: AnyPrimitive | { readonly value: unknown };
  readonly optional?: boolean;
  readonly priority?: Priority;
  readonly savepoint?: true | string;
  readonly compensate?: AnyPrimitive;
}

/** The step under its id, with everything before it as what its input is picked from. */
export function boundStep(id: string, options: LooseStepOptions): PlanNode {
  const { fallback } = options;
  const step = modified(planOf(options), options);
  const body: PlanNode =
    fallback === undefined ? step : { kind: 'fallback', body: step, alternatives: [alternativeOf(fallback)] };
  return { kind: 'bind', id, pick: options.input, body, optional: options.optional ?? false };
}

/**
 * What undoes the step. The plan hands it the whole scope before and after the step; it sees the step's own input
 * and output. The input is picked where it runs.
 */
export function undoOf(id: string, options: LooseStepOptions): PlanNode | undefined {
  if (options.compensate === undefined) return undefined;
  const pick: PureFn<unknown> = (undo: never, ctx) => {
    const { input, output, error } = undo as UndoOfScope;
    return {
      input: options.input(input as never, ctx),
      ...(output === undefined ? {} : { output: output[id] }),
      error,
    };
  };
  return { kind: 'bind', id: 'undo', pick, body: options.compensate.plan, optional: false };
}

interface UndoOfScope {
  readonly input: unknown;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly error: unknown;
}

function planOf({ step, agent }: LooseStepOptions): PlanNode {
  const primitive = step ?? agent;
  if (primitive === undefined) throw new TypeError('a step needs a primitive or an agent');
  return primitive.plan;
}

function modified(plan: PlanNode, { retry, timeoutMs, priority, savepoint }: LooseStepOptions): PlanNode {
  if (plan.kind === 'step') {
    return {
      ...plan,
      ...(retry === undefined ? {} : { retry: policyOf(retry) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(priority === undefined ? {} : { priority }),
      ...(savepoint === undefined ? {} : { savepoint }),
    };
  }
  const again: PlanNode = retry === undefined ? plan : { kind: 'retry', policy: policyOf(retry), body: plan };
  return timeoutMs === undefined ? again : { kind: 'timeout', timeoutMs, body: again };
}

/** A constant answers by itself. */
function alternativeOf(fallback: AnyPrimitive | { readonly value: unknown }): PlanNode {
  if ('plan' in fallback) return fallback.plan;
  return { kind: 'fn', name: 'constant', apply: () => fallback.value };
}

export function policyOf(retry: RetryOptions): RetryPolicy {
  return {
    maxAttempts: retry.attempts,
    baseDelayMs: retry.delayMs ?? DEFAULT_RETRY_POLICY.baseDelayMs,
    factor: retry.factor ?? DEFAULT_RETRY_POLICY.factor,
    maxDelayMs: retry.maxDelayMs ?? DEFAULT_RETRY_POLICY.maxDelayMs,
    jitter: retry.jitter ?? DEFAULT_RETRY_POLICY.jitter,
  };
}

/** A step succeeds at one moment; anything larger has no such moment of its own. */
export function savepointProblems(id: string, options: LooseStepOptions): FieldProblem[] {
  if (options.savepoint === undefined || planOf(options).kind === 'step') return [];
  const message = `only a step makes a savepoint, not a ${planOf(options).kind}`;
  return [{ path: `/${id}`, code: 'definition_error', message }];
}
