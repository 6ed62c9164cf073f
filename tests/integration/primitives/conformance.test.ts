import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { make } from '../../../src/primitives/compose/make.ts';
import { readRun } from '../../../src/primitives/durable/read-run.ts';
import type { PlanNode } from '../../../src/primitives/plan/node.ts';
import { differences, type RunOutcome } from '../../../src/primitives/testing/run-outcome.ts';
import { inProcessRunner, testRun } from '../../../src/primitives/testing/test-run.ts';
import { createCatalog } from '../../../src/workflows/catalog/catalog.ts';
import { derive } from '../../../src/workflows/derive.ts';
import type { WorkflowDefinition } from '../../../src/workflows/definition.ts';
import { startPlan } from '../../support/durable-runner.ts';
import { startHarness, type Harness } from '../../support/harness.ts';
import { arbitraryPlan } from '../../support/plans.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { stillPlan } from '../../support/still-plan.ts';

const PLANS = 500;
const AT_ONCE = 100;

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Steps that take no time, on either side. */
const NO_TIME = {
  now: () => 0,
  after: (_delayMs: number, call: () => void) => {
    queueMicrotask(call);
    return () => undefined;
  },
};

interface Case {
  readonly plan: PlanNode;
  readonly input: number;
}

function cases(seed: number): Case[] {
  return fc
    .sample(
      arbitraryPlan(() => NO_TIME),
      { numRuns: PLANS, seed },
    )
    .map(({ plan, input }) => ({ plan: stillPlan(plan), input }));
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
  const called = run.steps.filter((step) => step.attempts > 0);
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

/** Which of several failures comes first is a matter of time where branches are given up. */
async function isTimely({ plan, input }: Case): Promise<boolean> {
  const { trace } = await testRun(make(plan), input);
  return trace.some((record) => record.outcome === 'abandoned');
}

it.each(['segmented', 'stepwise'] as const)(
  `[R1.2] ${PLANS} random plans give on the fleet, %s, what they give in process`,
  async (mode) => {
    const all = cases(20_261_121);
    const definitions = all.map(({ plan }, index): WorkflowDefinition => ({
      name: `plan_${index}`,
      version: 1,
      input: z.unknown(),
      timeoutMs: 60_000,
      needsIntent: false,
      plan,
      mode,
    }));
    await using h = await startHarness({
      redisUrl: redis.url,
      catalog: createCatalog(definitions),
      settings: {
        // Steps fail by the script here, which says nothing about anything they depend on.
        'workflow.error_handling.circuit_breaker.enabled': 'false',
        ...Object.fromEntries(
          ['input_processor', 'world_builder', 'narrative_generator'].map((agent) => [
            `agents.${agent}.concurrency`,
            '20',
          ]),
        ),
      },
    });
    const complaints: string[] = [];
    for (let start = 0; start < PLANS; start += AT_ONCE) {
      await Promise.all(
        all.slice(start, start + AT_ONCE).map(async (one, offset) => {
          const definition = definitions[start + offset]!;
          const runId = await startPlan(h, definition.name, one.input);
          const [fleet, here, timely] = await Promise.all([
            outcomeOnFleet(h, definition, runId),
            inProcessRunner({ name: definition.name, ...one }),
            isTimely(one),
          ]);
          const found = timely
            ? fleet.status === here.status
              ? []
              : [`status: ${fleet.status} / ${here.status}`]
            : differences(fleet, here, { order: 'set' });
          if (found.length > 0) complaints.push(`${definition.name}: ${found.join('; ')}`);
        }),
      );
    }
    expect(complaints).toEqual([]);
    expect(await h.core.queues.get('flow')!.getJobCountByTypes('waiting-children')).toBe(0);
    expect(await h.core.store.redis.zcard(h.core.store.keys.deadlines())).toBe(0);
  },
  180_000,
);
