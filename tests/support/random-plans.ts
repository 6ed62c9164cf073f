import * as fc from 'fast-check';
import { z } from 'zod';
import type { TimerClock } from '../../src/primitives/in-process/timer-clock.ts';
import { make } from '../../src/primitives/compose/make.ts';
import { readRun } from '../../src/primitives/durable/read-run.ts';
import type { PlanNode } from '../../src/primitives/plan/node.ts';
import { mapLeaves } from '../../src/primitives/testing/map-plan.ts';
import { differences, type RunOutcome } from '../../src/primitives/testing/run-outcome.ts';
import { inProcessRunner, testRun } from '../../src/primitives/testing/test-run.ts';
import { createCatalog, type Catalog } from '../../src/workflows/catalog/catalog.ts';
import { derive } from '../../src/workflows/derive.ts';
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

/** Where the run of a case on the fleet differs from a run in process; none = they agree. */
export async function disagreements(
  h: Harness,
  one: RandomCase,
  runId: string,
  workers: 'alive' | 'killed' = 'alive',
): Promise<readonly string[]> {
  const [fleet, here, timely] = await Promise.all([
    outcomeOnFleet(h, one.definition, runId),
    inProcessRunner({
      name: one.definition.name,
      plan: one.definition.plan,
      input: one.input,
      workflows: one.workflows,
    }),
    isTimely(one),
  ]);
  if (timely) return fleet.status === here.status ? [] : [`status: ${fleet.status} / ${here.status}`];
  if (workers === 'alive') return differences(fleet, here, { order: 'set' });
  const { errors } = (await readRun(h.core.store, runId))!;
  const abandoned = new Map(
    Object.entries(errors).flatMap(([step, { path, abandonedBy }]) =>
      abandonedBy === undefined ? [] : [[step, path] as const],
    ),
  );
  return differencesByDelay(fleet, here, abandoned);
}

/**
 * A step whose worker was killed comes later. It may have begun more often than it counts, undos side by side end in
 * another order, and where a neighbour failed meanwhile it is given up, with what would have followed it. Nothing
 * else may differ; a step that is missing without such a record is a difference.
 *
 * @param abandoned  steps that were recorded as given up, with the place of the composite that did so
 */
function differencesByDelay(
  fleet: RunOutcome,
  here: RunOutcome,
  abandoned: ReadonlyMap<string, string>,
): string[] {
  const composites = [...abandoned.values()];
  const isGivenUp = (path: string): boolean =>
    !fleet.paths.includes(path) &&
    (abandoned.has(path) || composites.some((composite) => path.startsWith(`${composite}.`)));
  const kept = (paths: readonly string[]): string[] => paths.filter((path) => !isGivenUp(path));
  const isCut = here.paths.some(isGivenUp);
  const comparable = (outcome: RunOutcome): RunOutcome => ({
    ...outcome,
    attempts: {},
    paths: kept(outcome.paths),
    compensations: kept(outcome.compensations).toSorted(),
    ...(isCut ? { branches: [] } : {}),
  });
  return differences(comparable(fleet), comparable(here), { order: 'set' });
}

/** What the fleet says of a run, in the terms of the comparison. */
async function outcomeOnFleet(
  h: Harness,
  definition: WorkflowDefinition,
  runId: string,
): Promise<RunOutcome> {
  const run = await h.ended(runId);
  const facts = (await readRun(h.core.store, runId))!;
  const open = { ...facts, run: { ...facts.run, status: 'running' as const } };
  const last = derive(definition, open, Date.now());
  const called = run.steps.filter((step) => step.attempts > 0 && step.agent !== 'flow');
  const ended = facts.events.filter((event) => ['step.completed', 'step.failed'].includes(event.type));
  const isCalled = new Set(called.map((step) => step.name));
  const paths = ended.map((event) => event.step).filter((path) => isCalled.has(path));
  return {
    status: run.status as RunOutcome['status'],
    ...(run.status === 'completed' ? { output: run.output } : {}),
    ...(run.error === null ? {} : { errorCode: run.error.code, errorPath: run.error.path ?? '' }),
    paths,
    branches: last.branches.map(({ path, branch }) => `${path}=${branch}`),
    attempts: Object.fromEntries(called.map((step) => [step.name, step.attempts])),
    compensations: paths.filter((path) => path.includes('~undo')),
    isDegraded: last.isDegraded,
  };
}

/**
 * Which of several failures comes first is a matter of time where branches are given up; so it is where called runs
 * fail, which take a moment each.
 */
async function isTimely({ definition, input, workflows }: RandomCase): Promise<boolean> {
  let isRace = false;
  const { trace } = await testRun(make(definition.plan), input, {
    workflows,
    onAdvance: ({ decisions }) => {
      isRace ||= workflows.length > 0 && Object.keys(decisions).some((key) => key.endsWith('~join'));
    },
  });
  return isRace || trace.some((record) => record.outcome === 'abandoned');
}
