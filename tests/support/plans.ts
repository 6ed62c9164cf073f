import * as fc from 'fast-check';
import { z } from 'zod';
import type { StepContext } from '../../src/primitives/step-context.ts';
import type { TimerClock } from '../../src/primitives/in-process/timer-clock.ts';
import type { Join, PlanNode, StepNode } from '../../src/primitives/plan/node.ts';

/** What the calls of one step do, one after the other; the last entry goes on. */
export interface ScriptedCall {
  readonly durationMs: number;
  /** `unwanted`: it could be repeated, but the step's own condition says no. */
  readonly ends: 'ok' | 'retryable' | 'unwanted' | 'final';
}

export type Script = readonly ScriptedCall[];

/** A plan whose steps follow a script. Values are numbers, so every node fits every other. */
export interface ScriptedPlan {
  readonly plan: PlanNode;
  readonly input: number;
  readonly timeoutMs: number | null;
  readonly cancelAfterMs: number | null;
}

const MAX_DEPTH = 5;
const POLICY = { baseDelayMs: 100, factor: 2, maxDelayMs: 1000, jitter: 0.5 };

const script: fc.Arbitrary<Script> = fc.array(
  fc.record({
    durationMs: fc.constantFrom(0, 1, 10, 50, 300, 5000),
    ends: fc.constantFrom(
      'ok' as const,
      'ok' as const,
      'ok' as const,
      'retryable' as const,
      'unwanted' as const,
      'final' as const,
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

const join: fc.Arbitrary<Join> = fc.constantFrom<Join[]>('all', 'settled', { atLeast: 1 });
const attempts = fc.integer({ min: 1, max: 3 });
const limit = fc.constantFrom(5, 60, 400, 10_000);

/**
 * Any plan up to five levels deep, of every kind but `call` (which needs the fleet). Steps use `clock` when there
 * is one, so that nothing is waited for.
 */
export function arbitraryPlan(clock: () => TimerClock): fc.Arbitrary<ScriptedPlan> {
  return fc.record({
    plan: planOf(MAX_DEPTH, clock).map((plan) => named(plan, { next: 0 })),
    input: fc.integer({ min: 0, max: 9 }),
    timeoutMs: fc.option(limit, { freq: 5 }),
    cancelAfterMs: fc.option(fc.constantFrom(0, 30, 350), { freq: 5 }),
  });
}

function planOf(depth: number, clock: () => TimerClock): fc.Arbitrary<PlanNode> {
  const leaves = [scriptedStep(clock), scriptedStep(clock), scriptedStep(clock), glue, signal];
  if (depth <= 1) return fc.oneof(...leaves);
  const below = fc.constant(null).chain(() => planOf(depth - 1, clock));
  const some = fc.array(below, { minLength: 1, maxLength: 3 });
  const undone = fc.record({ node: below, compensate: fc.option(scriptedStep(clock), { nil: undefined }) });
  // Near the root hardly ever a leaf, or most plans would be one.
  return fc.oneof(
    ...(depth === MAX_DEPTH ? [] : leaves.slice(0, depth < 3 ? 5 : 2)),
    some.map((stages): PlanNode => ({ kind: 'sequence', stages })),
    fc
      .tuple(some, join, fc.integer({ min: 1, max: 3 }), fc.boolean())
      .map(([nodes, how, concurrency, isSummed]): PlanNode => ({
        kind: 'sequence',
        stages: [
          {
            kind: 'parallel',
            shape: 'record',
            branches: nodes.map((branch, index) => ({ key: `b${index}`, node: branch })),
            join: how,
            ...(concurrency === 2 ? { failIfNone: true } : {}),
            concurrency,
          },
          numberOf(isSummed),
        ],
      })),
    fc.tuple(below, fc.option(below, { nil: undefined })).map(([onTrue, onFalse]): PlanNode => ({
      kind: 'when',
      name: '_',
      test: (n: never) => (n as number) % 2 === 0,
      onTrue,
      ...(onFalse === undefined ? {} : { onFalse }),
    })),
    fc.tuple(below, below, fc.boolean()).map(([zero, one, hasDefault]): PlanNode => ({
      kind: 'match',
      name: '_',
      select: (n: never) => `k${(n as number) % 3}`,
      cases: new Map([
        ['k0', zero],
        ['k1', one],
      ]),
      ...(hasDefault ? { fallback: glueNode } : {}),
    })),
    fc.tuple(below, below).map(([a, b]): PlanNode => ({
      kind: 'route',
      name: '_',
      choose: (_n: never, ctx) => ({ route: ctx.random() < 0.5 ? 'a' : 'b', reason: 'chance' }),
      routes: new Map([
        ['a', a],
        ['b', b],
      ]),
    })),
    fc.tuple(below, join, fc.integer({ min: 1, max: 3 })).map(([body, how, concurrency]): PlanNode => ({
      kind: 'sequence',
      stages: [
        {
          kind: 'each',
          name: '_',
          items: (n: never) => Array.from({ length: (n as number) % 4 }, (_, index) => index),
          body,
          concurrency,
          maxItems: 3,
          join: how,
          ...(concurrency === 2 ? { failIfNone: true } : {}),
        },
        numberOf(false),
      ],
    })),
    fc.tuple(below, attempts, fc.boolean()).map(([body, maxIterations, isLenient]): PlanNode => ({
      kind: 'repeat',
      name: '_',
      body,
      done: (n: never) => (n as number) > 6,
      maxIterations,
      onExhausted: isLenient ? 'last' : 'fail',
    })),
    fc
      .tuple(fc.array(undone, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([steps, isNamed]): PlanNode => ({
        kind: 'saga',
        ...(isNamed ? { name: '_' } : {}),
        steps: steps.map(({ node: stage, compensate }) => ({
          node: stage,
          ...(compensate === undefined ? {} : { compensate }),
        })),
      })),
    fc.tuple(below, attempts).map(([body, maxAttempts]): PlanNode => ({
      kind: 'retry',
      policy: { ...POLICY, maxAttempts },
      body: composite(body),
    })),
    fc.tuple(below, limit).map(([body, timeoutMs]): PlanNode => ({ kind: 'timeout', timeoutMs, body })),
    fc
      .tuple(below, fc.array(below, { minLength: 1, maxLength: 2 }))
      .map(([body, alternatives]): PlanNode => ({ kind: 'fallback', body, alternatives })),
    fc.tuple(below, fc.boolean()).map(([body, optional]): PlanNode => ({
      kind: 'sequence',
      stages: [
        { kind: 'fn', name: '_', apply: (input: never) => ({ input }) },
        { kind: 'bind', id: '_', pick: (scope: never) => (scope as { input: number }).input, body, optional },
        { kind: 'fn', name: '_', apply: (scope: never) => sumOf(scope) },
      ],
    })),
  );
}

/** Around a single step these wrappers are the step's own policy. */
function composite(body: PlanNode): PlanNode {
  return body.kind === 'step' ? { kind: 'sequence', stages: [body] } : body;
}

function scriptedStep(clock: () => TimerClock): fc.Arbitrary<StepNode> {
  return fc
    .record({
      calls: script,
      maxAttempts: attempts,
      timeoutMs: fc.option(limit, { freq: 3, nil: undefined }),
      add: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ calls, maxAttempts, timeoutMs, add }) => ({
      kind: 'step',
      name: '_',
      queue: 'test',
      input: z.unknown(),
      output: z.number(),
      idempotent: true,
      retry: { ...POLICY, maxAttempts },
      retryIf: ({ message }) => message !== 'unwanted',
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      run: async (input: never, ctx: never) => follow(calls, ctx, clock(), numberIn(input) + add),
    }));
}

async function follow(calls: Script, ctx: StepContext, clock: TimerClock, value: number): Promise<number> {
  const call = calls[Math.min(ctx.attempt, calls.length) - 1]!;
  await new Promise<void>((resolve, reject) => {
    const takeBack = clock.after(call.durationMs, resolve);
    ctx.signal.addEventListener('abort', () => {
      takeBack();
      reject(new Error('aborted'));
    });
  });
  if (call.ends === 'ok') return value;
  throw Object.assign(new Error(call.ends), { retryable: call.ends !== 'final' });
}

const glueNode: PlanNode = { kind: 'fn', name: '_', apply: (n: never) => numberIn(n) + 1 };

const glue: fc.Arbitrary<PlanNode> = fc.constantFrom(
  glueNode,
  { kind: 'fn', name: '_', apply: (n: never, ctx) => numberIn(n) + Math.floor(ctx.random() * 3) },
  {
    kind: 'fn',
    name: '_',
    apply: (n: never) => {
      if (numberIn(n) > 7) throw new Error('too much');
      return numberIn(n);
    },
  },
);

const signal: fc.Arbitrary<PlanNode> = fc.constantFrom(
  { kind: 'wait', name: '_', schema: z.number(), timeoutMs: 200, onTimeout: 'fail' },
  { kind: 'wait', name: '_', schema: z.number(), timeoutMs: 200, onTimeout: { value: 2 } },
);

function numberOf(isSummed: boolean): PlanNode {
  return { kind: 'fn', name: '_', apply: (value: never) => (isSummed ? sumOf(value) : 1) };
}

/** The input of an undo is a record; everything else is a number. */
function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function sumOf(value: unknown): number {
  if (typeof value === 'number') return value % 10;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + sumOf(part), 0) % 10;
}

/** Every name of its own, as a plan needs it. */
function named(plan: PlanNode, counter: { next: number }): PlanNode {
  const fresh = (): string => `n${counter.next++}`;
  const visit = (node: PlanNode): PlanNode => {
    switch (node.kind) {
      case 'step':
      case 'fn':
      case 'call':
      case 'wait':
        return { ...node, name: fresh() };
      case 'sequence':
        return { ...node, stages: node.stages.map(visit) };
      case 'parallel':
        return {
          ...node,
          branches: node.branches.map((branch) => ({ ...branch, node: visit(branch.node) })),
        };
      case 'when':
        return {
          ...node,
          name: fresh(),
          onTrue: visit(node.onTrue),
          ...(node.onFalse === undefined ? {} : { onFalse: visit(node.onFalse) }),
        };
      case 'match':
        return {
          ...node,
          name: fresh(),
          cases: visitMap(node.cases),
          ...(node.fallback === undefined ? {} : { fallback: visit(node.fallback) }),
        };
      case 'route':
        return { ...node, name: fresh(), routes: visitMap(node.routes) };
      case 'each':
      case 'repeat':
        return { ...node, name: fresh(), body: visit(node.body) };
      case 'bind':
        return { ...node, id: fresh(), body: visit(node.body) };
      case 'retry':
      case 'timeout':
        return { ...node, body: visit(node.body) };
      case 'fallback':
        return { ...node, body: visit(node.body), alternatives: node.alternatives.map(visit) };
      case 'saga':
        return {
          ...node,
          ...(node.name === undefined ? {} : { name: fresh() }),
          steps: node.steps.map(({ node: stage, compensate }) => ({
            node: visit(stage),
            ...(compensate === undefined ? {} : { compensate: visit(compensate) }),
          })),
        };
    }
  };
  const visitMap = (nodes: ReadonlyMap<string, PlanNode>): ReadonlyMap<string, PlanNode> =>
    new Map([...nodes].map(([key, child]) => [key, visit(child)]));
  return visit(plan);
}
