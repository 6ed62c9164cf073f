import type { PlanNode, StepNode } from '../../src/primitives/plan/node.ts';

const QUEUES = ['ipa', 'wba', 'nga'] as const;

/**
 * A scripted plan without anything that depends on time or chance, so that two interpreters must agree about it to
 * the letter: no limits, no signals, no quorum, routes by value, pauses of a millisecond, steps that take no time.
 */
export function stillPlan(plan: PlanNode): PlanNode {
  switch (plan.kind) {
    case 'step':
      return stillStep(plan);
    case 'wait':
      return { kind: 'fn', name: plan.name, apply: () => 2 };
    case 'fn':
      if (plan.apply.toString().includes('random')) return { ...plan, apply: (n: never) => n };
      // Errors tell when they happened, which is nobody's promise.
      return { ...plan, apply: (value: never, ctx) => plan.apply(withoutErrors(value) as never, ctx) };
    case 'sequence':
      return { ...plan, stages: plan.stages.map(stillPlan) };
    case 'parallel':
      return {
        ...plan,
        join: stillJoin(plan.join),
        branches: plan.branches.map((branch) => ({ ...branch, node: stillPlan(branch.node) })),
      };
    case 'when':
      return {
        ...plan,
        onTrue: stillPlan(plan.onTrue),
        ...(plan.onFalse === undefined ? {} : { onFalse: stillPlan(plan.onFalse) }),
      };
    case 'match':
      return {
        ...plan,
        cases: stillMap(plan.cases),
        ...(plan.fallback === undefined ? {} : { fallback: stillPlan(plan.fallback) }),
      };
    case 'route':
      return {
        ...plan,
        choose: (n: never) => ({ route: Number(n) % 2 === 0 ? 'a' : 'b', reason: 'parity' }),
        routes: stillMap(plan.routes),
      };
    case 'each':
      return { ...plan, join: stillJoin(plan.join), body: stillPlan(plan.body) };
    case 'retry':
      return {
        ...plan,
        policy: { ...plan.policy, baseDelayMs: 1, maxDelayMs: 2 },
        body: stillPlan(plan.body),
      };
    case 'timeout':
      // The wrapper goes; what stands below keeps its place.
      return stillPlan(plan.body);
    case 'repeat':
    case 'bind':
      return { ...plan, body: stillPlan(plan.body) };
    case 'fallback':
      return { ...plan, body: stillPlan(plan.body), alternatives: plan.alternatives.map(stillPlan) };
    case 'saga':
      return {
        ...plan,
        steps: plan.steps.map(({ node, compensate }) => ({
          node: stillPlan(node),
          ...(compensate === undefined ? {} : { compensate: stillPlan(compensate) }),
        })),
      };
    case 'call':
      return plan;
  }
}

function withoutErrors(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('status' in value && value.status === 'error') return { status: 'error' };
  // What an undo is told of the failure.
  if ('code' in value && 'at' in value) return { code: value.code };
  if (Array.isArray(value)) return value.map(withoutErrors);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutErrors(part)]));
}

function stillStep(step: StepNode): StepNode {
  const { timeoutMs: _limit, run, ...rest } = step;
  return {
    ...rest,
    ...(run === undefined ? {} : { run }),
    queue: QUEUES[Number(step.name.replaceAll(/\D/g, '')) % QUEUES.length]!,
    ...(step.retry === undefined ? {} : { retry: { ...step.retry, baseDelayMs: 1, maxDelayMs: 2 } }),
  };
}

function stillJoin(join: unknown): 'all' | 'settled' {
  return join === 'all' ? 'all' : 'settled';
}

function stillMap(nodes: ReadonlyMap<string, PlanNode>): ReadonlyMap<string, PlanNode> {
  return new Map([...nodes].map(([key, node]) => [key, stillPlan(node)]));
}
