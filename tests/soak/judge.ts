import { isOpen } from '../../src/contracts/run.ts';
import { readRun } from '../../src/primitives/durable/read-run.ts';
import type { RunOutcome } from '../../src/primitives/testing/run-outcome.ts';
import type { OpenHarness } from '../../src/testing/durable-harness.ts';
import { disagreements, expectationOf, type RandomCase } from '../support/random-plans.ts';
import type { LedgerContents } from './ledger.ts';

/** One run of a soak, as it was started. */
export interface SoakRun {
  readonly runId: string;
  readonly one: RandomCase;
}

export interface Verdict {
  readonly status: string;
  /** Steps whose result is recorded. */
  readonly results: number;
  readonly compensations: number;
  readonly violations: readonly string[];
}

/** Everything that must hold for a run that was killed at any moment. */
export async function judge(
  h: OpenHarness,
  { runId, one }: SoakRun,
  ledger: LedgerContents,
  writes: number,
): Promise<Verdict> {
  const { core } = h;
  const facts = await readRun(core.store, runId);
  if (facts === null) return { status: 'lost', results: 0, compensations: 0, violations: ['has no record'] };
  const { run, results, errors } = facts;
  const violations: string[] = [];
  if (isOpen(run.status)) {
    return { status: run.status, results: 0, compensations: 0, violations: [`is still ${run.status}`] };
  }
  const recorded = Object.keys(results);
  if (writes !== recorded.length) violations.push(`${recorded.length} results were written ${writes} times`);
  for (const path of recorded) {
    if (!ledger.effects.has(`${runId}.${path}`)) violations.push(`${path} has a result without an effect`);
  }
  for (const key of ledger.effects) {
    if (!key.startsWith(`${runId}.`)) continue;
    const path = key.slice(runId.length + 1);
    // One that was given up may have had its effect before it could be told.
    if (results[path] === undefined && errors[path] === undefined)
      violations.push(`${path} had an effect and has no outcome`);
  }
  const ended = await h.ended(runId);
  const view = { core, ended: async () => ended.view };
  violations.push(...(await disagreements(view, one, runId, 'killed')));
  const { here, timelyWhenKilled } = await expectationOf(one);
  if (!timelyWhenKilled) violations.push(...disorder(ended, here));
  if (violations.length > 0) violations.push(`its errors: ${JSON.stringify(errors)}`);
  return {
    status: run.status,
    results: recorded.length,
    compensations: ended.compensations.length,
    violations,
  };
}

/** Undos of one saga come one at a time, newest first, as they do in process; once each. */
function disorder(fleet: RunOutcome, here: RunOutcome): string[] {
  const twice = fleet.compensations.filter((path, index) => fleet.compensations.indexOf(path) !== index);
  const sagas = new Set(here.compensations.map(sagaOf));
  return [
    ...twice.map((path) => `${path} was done twice`),
    ...[...sagas].flatMap((saga) => {
      const present = new Set(fleet.compensations);
      const wanted = here.compensations.filter((path) => sagaOf(path) === saga && present.has(path));
      const done = fleet.compensations.filter((path) => sagaOf(path) === saga && wanted.includes(path));
      return done.join() === wanted.join()
        ? []
        : [`undos of ${saga}: ${done.join()} instead of ${wanted.join()}`];
    }),
  ];
}

/** `<saga>.<step>~undo…` */
function sagaOf(path: string): string {
  const step = path.slice(0, path.indexOf('~undo'));
  return step.slice(0, step.lastIndexOf('.') + 1);
}
