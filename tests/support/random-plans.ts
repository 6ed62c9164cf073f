import * as fc from 'fast-check';
import { z } from 'zod';
import type { TimerClock } from '../../src/primitives/in-process/timer-clock.ts';
import { make } from '../../src/primitives/compose/make.ts';
import { readRun } from '../../src/primitives/durable/read-run.ts';
import type { PlanNode } from '../../src/primitives/plan/node.ts';
import { mapLeaves } from '../../src/primitives/testing/map-plan.ts';
import { differences, type RunOutcome } from '../../src/primitives/testing/run-outcome.ts';
import { inProcessRunner, testRun } from '../../src/primitives/testing/test-run.ts';
import { outcomeOnFleet } from '../../src/testing/fleet-outcome.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';
import type { WorkflowDefinition } from '../../src/workflows/definition.ts';
import type { Harness } from './harness.ts';
import { arbitraryPlan, type ScriptedPlan } from './plans.ts';
import { stillPlan } from './still-plan.ts';

/** Steps that take no time, on either side. */
export const NO_TIME: TimerClock = {
  now: () => 0,
  after: (_delayMs, call) => {
    queueMicrotask(call);
    return () => undefined;
  },
};

/** Steps that take a moment, long enough to be killed in and short enough for hundreds of them. */
export const SHORT_TIME: TimerClock = {
  now: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, 100));
    return () => clearTimeout(timer);
  },
};

/** A random plan as a workflow, with the input of its one run. */
export interface RandomCase {
  readonly definition: WorkflowDefinition;
  readonly input: number;
  /** What its calls name. */
  readonly workflows: readonly WorkflowDefinition[];
}

/** The same number and seed give the same plans, in whatever process. */
export function randomCases(options: {
  readonly seed: number;
  readonly count: number;
  readonly clock: TimerClock;
  readonly mode?: WorkflowDefinition['mode'];
  /** Every so many steps one is a call of another random plan instead; 0 = none. */
  readonly callEvery?: number;
}): RandomCase[] {
  const { callEvery = 0, mode, seed, count } = options;
  const define = (name: string, plan: PlanNode): WorkflowDefinition => ({
    name,
    version: 1,
    input: z.unknown(),
    timeoutMs: 60_000,
    needsIntent: false,
    plan,
    ...(mode === undefined ? {} : { mode }),
  });
  const sample = (numRuns: number, from: number): ReturnType<typeof fc.sample<ScriptedPlan>> =>
    fc.sample(
      arbitraryPlan(() => options.clock),
      { numRuns, seed: from },
    );
  const workflows =
    callEvery === 0
      ? []
      : sample(CALLED_PLANS, seed + 1).map(({ plan }, index) =>
          // A called plan may call those after it.
          define(`called_${index}`, withCalls(stillPlan(plan), callEvery, index + 1)),
        );
  return sample(count, seed).map(({ plan, input }, index) => ({
    input,
    workflows,
    definition: define(`plan_${index}`, withCalls(stillPlan(plan), callEvery, 0)),
  }));
}

const CALLED_PLANS = 10;

function withCalls(plan: PlanNode, callEvery: number, first: number): PlanNode {
  return mapLeaves(plan, (leaf) => {
    if (callEvery === 0 || leaf.kind !== 'step') return leaf;
    const number = Number(leaf.name.replaceAll(/\D/g, ''));
    const callee = first + (number % CALLED_PLANS);
    if (number % callEvery !== 0 || callee >= CALLED_PLANS) return leaf;
    return { kind: 'call', name: leaf.name, workflow: `called_${callee}` };
  });
}

export function catalogOf(cases: readonly RandomCase[]): Catalog {
  return createCatalog([...cases.map(({ definition }) => definition), ...(cases[0]?.workflows ?? [])]);
}

/** What a case gives in process, and whether that depends on time: at all, or where workers are killed. */
export interface Expectation {
  readonly here: RunOutcome;
  readonly timely: boolean;
  readonly timelyWhenKilled: boolean;
}

const EXPECTED = new WeakMap<RandomCase, Promise<Expectation>>();

export function expectationOf(one: RandomCase): Promise<Expectation> {
  const known = EXPECTED.get(one);
  if (known !== undefined) return known;
  const { name, plan } = one.definition;
  const expected = Promise.all([
    inProcessRunner({ name, plan, input: one.input, workflows: one.workflows }),
    timelinessOf(one),
  ]).then(([here, timeliness]) => ({ here, ...timeliness }));
  EXPECTED.set(one, expected);
  return expected;
}

/** Where the run of a case on the fleet differs from a run in process; none = they agree. */
export async function disagreements(
  h: Pick<Harness, 'core' | 'ended'>,
  one: RandomCase,
  runId: string,
  workers: 'alive' | 'killed' = 'alive',
): Promise<readonly string[]> {
  const fleet = await outcomeOnFleet(h.core.store, one.definition, await h.ended(runId));
  const { here, timely, timelyWhenKilled } = await expectationOf(one);
  if (timely || (workers === 'killed' && timelyWhenKilled))
    return fleet.status === here.status ? [] : [`status: ${fleet.status} / ${here.status}`];
  const { errors } = (await readRun(h.core.store, runId))!;
  const abandoned = new Map(
    Object.entries(errors).flatMap(([step, { path, abandonedBy }]) =>
      abandonedBy === undefined ? [] : [[step, path] as const],
    ),
  );
  // Where a branch failed before its neighbour had begun, the neighbour is given up, whoever lives.
  if (workers === 'alive' && abandoned.size === 0) {
    // Of several failures side by side either may come first where each is a job of its own; both must be on record.
    const bothFailed = [fleet, here].every(({ errorPath = '' }) => errorPath in errors);
    const [left, right] =
      timelyWhenKilled && bothFailed ? [fleet, here].map(withoutFirstError) : [fleet, here];
    return differences(left!, right!, { order: 'set' });
  }
  return differencesByDelay(fleet, here, abandoned, workers);
}

function withoutFirstError({ errorCode: _code, errorPath: _path, ...outcome }: RunOutcome): RunOutcome {
  return outcome;
}

/**
 * A step whose worker was killed comes later. It may have begun more often than it counts, undos side by side end in
 * another order, and where a neighbour failed meanwhile it is given up, with what would have followed it; nobody knows
 * how far it got, so it is undone. Nothing else may differ; a step that is missing without such a record is a difference.
 *
 * @param abandoned  steps that were recorded as given up, with the place of the composite that did so
 */
function differencesByDelay(
  fleet: RunOutcome,
  here: RunOutcome,
  abandoned: ReadonlyMap<string, string>,
  workers: 'alive' | 'killed',
): string[] {
  const composites = [...abandoned.values()];
  const isGivenUp = (path: string): boolean =>
    abandoned.has(path.split('~undo', 1)[0]!)
      ? path.includes('~undo') || !fleet.paths.includes(path)
      : !fleet.paths.includes(path) && composites.some((composite) => path.startsWith(`${composite}.`));
  const kept = (paths: readonly string[]): string[] => paths.filter((path) => !isGivenUp(path));
  const isCut = here.paths.some(isGivenUp);
  const comparable = (outcome: RunOutcome): RunOutcome => ({
    ...outcome,
    attempts:
      workers === 'killed'
        ? {}
        : Object.fromEntries(Object.entries(outcome.attempts).filter(([path]) => !isGivenUp(path))),
    paths: kept(outcome.paths),
    compensations: kept(outcome.compensations).toSorted(),
    ...(isCut ? { branches: [], isDegraded: false } : {}),
  });
  return differences(comparable(fleet), comparable(here), { order: 'set' });
}

/**
 * Which of several failures comes first is a matter of time where branches are given up; so it is where called runs
 * fail, which take a moment each, and for any join that several failures decided where workers are killed.
 */
async function timelinessOf({
  definition,
  input,
  workflows,
}: RandomCase): Promise<Omit<Expectation, 'here'>> {
  let isDecided = false;
  const { trace } = await testRun(make(definition.plan), input, {
    workflows,
    onAdvance: ({ decisions }) => {
      isDecided ||= Object.keys(decisions).some((key) => key.endsWith('~join'));
    },
  });
  const isCut = trace.some((record) => record.outcome === 'abandoned');
  return { timely: isCut || (isDecided && workflows.length > 0), timelyWhenKilled: isCut || isDecided };
}
