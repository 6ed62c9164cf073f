import { CALLS_RUN_ON } from '../primitives/advance/leaves.ts';
import type { RunView } from '../contracts/run.ts';
import { readRun } from '../primitives/durable/read-run.ts';
import type { RunOutcome } from '../primitives/testing/run-outcome.ts';
import type { RedisStore } from '../redis/store.ts';
import { derive } from '../workflows/derive.ts';
import type { WorkflowDefinition } from '../workflows/definition.ts';

/** What a fleet says of a run that has ended, in the terms in which interpreters are compared. */
export async function outcomeOnFleet(
  store: RedisStore,
  definition: WorkflowDefinition,
  run: RunView,
): Promise<RunOutcome> {
  const facts = (await readRun(store, run.run_id))!;
  const open = { ...facts, run: { ...facts.run, status: 'running' as const } };
  const last = derive(definition, open, Date.now());
  const called = run.steps.filter((step) => step.attempts > 0 && step.agent !== CALLS_RUN_ON);
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
