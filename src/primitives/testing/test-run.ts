import { uuidv7 } from '../../kernel/ids.ts';
import type { Continuation } from '../advance/facts.ts';
import { make } from '../compose/make.ts';
import type { Primitive } from '../compose/primitive.ts';
import type { StepContext } from '../step-context.ts';
import type { StepRecord } from '../in-process/leaf-call.ts';
import { runInProcess } from '../in-process/run.ts';
import type { RunOptions, RunResult } from '../in-process/run-options.ts';
import type { PlanNode, StepNode } from '../plan/node.ts';
import { PrimitiveError } from '../primitive-error.ts';
import { captureTelemetry, type Captured } from './captured.ts';
import { fakeClock, type FakeClock } from './fake-clock.ts';
import { mapLeaves } from './map-plan.ts';
import { complaintOf, type MockPrimitive } from './mock-primitive.ts';
import { outcomeOf, type RunOutcome, type Runner } from './run-outcome.ts';
import { seededRandom } from './seeded-random.ts';

export interface TestRunOptions extends Omit<RunOptions, 'clock' | 'random' | 'telemetry'> {
  /** Doubles by the path or the name of a step. The step keeps its schemas and policies. */
  readonly overrides?: Readonly<Record<string, MockPrimitive | Primitive<never, unknown>>>;
  readonly clock?: FakeClock;
  /** Fixes jitter and `ctx.random()`; default 1. */
  readonly seed?: number;
}

export interface TestRun<O> extends Omit<RunOutcome, 'branches' | 'output'>, Captured {
  /** Present when it completed. */
  readonly output?: O;
  readonly error?: PrimitiveError;
  readonly trace: readonly StepRecord[];
  readonly branches: Continuation['branches'];
  /** On the run's own clock, where nothing has to be waited for. */
  readonly durationMs: number;
}

/**
 * Run a plan with doubles and without waiting; a failure is a value here.
 *
 * Errors: mock_exhausted (internal) when a double was called more often than it has answers
 */
export async function testRun<I, O>(
  primitive: Primitive<I, O>,
  input: I,
  options: TestRunOptions = {},
): Promise<TestRun<O>> {
  const { overrides = {}, workflows = [], clock = fakeClock(), seed = 1, ...rest } = options;
  const plan = withDoubles(primitive.plan, overrides);
  const runId = rest.runId ?? `wf_${uuidv7()}`;
  const startedAt = clock.now();
  let last: Continuation | null = null;
  const { telemetry, captured } = captureTelemetry();
  const work = runInProcess(make<I, O>(plan), input, {
    ...rest,
    runId,
    workflows: workflows.map((callee) => ({ ...callee, plan: withDoubles(callee.plan, overrides) })),
    telemetry,
    clock,
    random: seededRandom(seed),
    onAdvance: (facts, next) => {
      last = next;
      rest.onAdvance?.(facts, next);
    },
  });
  const seen = await clock.runUntil(work).catch((error: unknown) => {
    if (error instanceof PrimitiveError) return error;
    throw error;
  });
  refuseComplaints(plan, overrides);
  return { ...described(seen, last, runId), ...captured, durationMs: clock.now() - startedAt };
}

/** A double that ran out of answers fails the test, whatever the plan made of that. */
function refuseComplaints(plan: PlanNode, overrides: NonNullable<TestRunOptions['overrides']>): void {
  const doubles = Object.values(overrides).map(handlerOf);
  mapLeaves(plan, (leaf) => {
    if (leaf.kind === 'step' && leaf.run !== undefined) doubles.push(leaf.run);
    return leaf;
  });
  for (const double of doubles) {
    const complaint = complaintOf(double);
    if (complaint !== null) throw complaint;
  }
}

/** The in-process interpreter as one side of a comparison. */
export const inProcessRunner: Runner = async ({ plan, input, signals, workflows }) => {
  const {
    output,
    error: _error,
    trace: _trace,
    durationMs: _durationMs,
    spans: _spans,
    logs: _logs,
    metrics: _metrics,
    branches,
    ...rest
  } = await testRun(make(plan), input, {
    ...(signals === undefined ? {} : { signals }),
    ...(workflows === undefined ? {} : { workflows }),
  });
  return {
    ...rest,
    ...(rest.status === 'completed' ? { output } : {}),
    branches: branches.map(({ path, branch }) => `${path}=${branch}`),
  };
};

function described<O>(
  seen: RunResult<O> | PrimitiveError,
  last: Continuation | null,
  runId: string,
): Omit<TestRun<O>, 'durationMs' | keyof Captured> {
  const { trace } = seen;
  const branches = last?.branches ?? [];
  if (seen instanceof PrimitiveError) {
    const ended = { errorCode: seen.code, errorPath: seen.path };
    const { output: _none, ...outcome } = outcomeOf({ ended, trace, last, runId });
    return { ...outcome, trace, branches, error: seen };
  }
  const { output } = seen;
  return { ...outcomeOf({ ended: { output }, trace, last, runId }), output, trace, branches };
}

/** A double is asked for by the path in its run first, then by the name the step was defined with. */
function withDoubles(plan: PlanNode, overrides: NonNullable<TestRunOptions['overrides']>): PlanNode {
  const handlers = new Map(Object.entries(overrides).map(([key, double]) => [key, handlerOf(double)]));
  if (handlers.size === 0) return plan;
  return mapLeaves(plan, (leaf) => {
    if (leaf.kind !== 'step') return leaf;
    const run = async (input: never, ctx: never): Promise<unknown> => {
      const { path } = ctx as StepContext;
      const handler = handlers.get(path) ?? handlers.get(leaf.name) ?? leaf.run;
      if (handler === undefined) throw new TypeError(`step "${path}" has no handler and no double`);
      return handler(input, ctx);
    };
    return { ...leaf, run };
  });
}

function handlerOf(double: MockPrimitive | Primitive<never, unknown>): NonNullable<StepNode['run']> {
  const { plan } = 'primitive' in double ? double.primitive : double;
  if (plan.kind === 'step' && plan.run !== undefined) return plan.run;
  throw new TypeError(`a ${plan.kind} cannot stand in for a step`);
}
