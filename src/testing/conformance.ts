import type { Primitive } from '../primitives/compose/primitive.ts';
import { childrenOf } from '../primitives/plan/children.ts';
import type { PlanNode } from '../primitives/plan/node.ts';
import type { MockPrimitive } from '../primitives/testing/mock-primitive.ts';
import { disagreements, type Runner } from '../primitives/testing/run-outcome.ts';
import { inProcessRunner } from '../primitives/testing/test-run.ts';
import { asDefinition } from '../workflows/as-definition.ts';
import { durableHarness } from './durable-harness.ts';
import type { DurableHarnessOptions } from './harness.ts';

export interface ConformanceCase<I> {
  readonly name: string;
  readonly input: I;
  readonly signals?: Readonly<Record<string, unknown>>;
}

export interface ConformanceOptions extends Pick<DurableHarnessOptions, 'redisUrl' | 'settings'> {
  /** Doubles in the plan; they are reset before every run. */
  readonly mocks?: readonly MockPrimitive[];
  /**
   * Whether steps must end in the same order, or only be the same ones. Default: `set` where anything happens side by
   * side, else `exact`.
   */
  readonly order?: 'exact' | 'set';
}

/**
 * Run every case in process and on a fleet, and compare outcome, error code, path order, branches, attempts and the
 * order of compensations. A plan that depends on chance or time may differ.
 *
 * @returns what they do not agree about, by the name of the case; empty when they agree
 */
export async function conformance<I, O>(
  primitive: Primitive<I, O>,
  cases: readonly ConformanceCase<I>[],
  options: ConformanceOptions = {},
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { mocks = [], order, ...fleet } = options;
  const subject = asDefinition(primitive, { name: 'subject' });
  // Nobody dies here: a busy machine must not look like a dead worker, whose steps begin once more.
  const settings = { 'queues.lock_duration': '30', ...fleet.settings };
  await using harness = await durableHarness({ ...fleet, settings, plans: [subject] });
  const afresh =
    (runner: Runner): Runner =>
    (runCase) => {
      for (const mock of mocks) mock.reset();
      return runner(runCase);
    };
  const durable: Runner = async ({ input, signals }) => {
    const {
      runId: _id,
      view: _view,
      ...outcome
    } = await harness.run(subject, input, signals === undefined ? {} : { signals });
    for (const { complaint } of mocks) if (complaint !== null) throw complaint;
    return outcome;
  };
  return await disagreements(
    cases.map((one) => ({ plan: primitive.plan, ...one })),
    afresh(inProcessRunner),
    afresh(durable),
    { order: order ?? (isSideBySide(primitive.plan) ? 'set' : 'exact') },
  );
}

function isSideBySide(plan: PlanNode): boolean {
  if (plan.kind === 'parallel' || plan.kind === 'each') return true;
  return childrenOf(plan).some(({ node }) => isSideBySide(node));
}
