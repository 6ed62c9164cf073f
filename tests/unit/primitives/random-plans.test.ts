import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { advance } from '../../../src/primitives/advance/advance.ts';
import type { Continuation, Facts } from '../../../src/primitives/advance/facts.ts';
import { make } from '../../../src/primitives/compose/make.ts';
import { fakeClock, type FakeClock } from '../../../src/primitives/testing/fake-clock.ts';
import { testRun, type TestRunOptions } from '../../../src/primitives/testing/test-run.ts';
import { arbitraryPlan, type ScriptedPlan } from '../../support/plans.ts';

const RUNS = 1500;
const CASES = { numRuns: RUNS, seed: 20_260_101, endOnFailure: false } as const;
const LIMIT_MS = 60_000;

/** One moment of a run: what was known, and what followed from it. */
interface Moment {
  readonly facts: Facts;
  readonly next: string;
}

let clock: FakeClock;
const plans = arbitraryPlan(() => clock);

async function play(
  { plan, input, timeoutMs, cancelAfterMs }: ScriptedPlan,
  options: TestRunOptions = {},
  startMs?: number,
) {
  clock = fakeClock(startMs);
  const controller = new AbortController();
  if (cancelAfterMs !== null) clock.after(cancelAfterMs, () => controller.abort('enough'));
  const moments: Moment[] = [];
  const run = await testRun(make(plan), input, {
    runId: 'wf_always_the_same',
    clock,
    signal: controller.signal,
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...options,
    onAdvance: (facts, next) => moments.push({ facts: stored(facts), next: summary(next) }),
  });
  return { run, moments };
}

/** Facts as a store gives them back. */
function stored(facts: Facts): Facts {
  return JSON.parse(JSON.stringify(facts)) as Facts;
}

function summary({
  outcome,
  add,
  decide,
  abandon,
  alarms,
  waits,
  branches,
  isDegraded,
}: Continuation): string {
  return JSON.stringify({
    outcome,
    add: add.map(({ path, deadlineAtMs, isCompensation, chain }) => ({
      path,
      deadlineAtMs,
      isCompensation,
      chain: chain.map((later) => later.path),
    })),
    decide: decide.map(({ key }) => key),
    abandon,
    alarms,
    waits,
    branches,
    isDegraded,
  });
}

it(
  'every plan comes to an end, always the same one, and leaves no timer behind',
  { timeout: LIMIT_MS },
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (scripted) => {
        const first = await play(scripted);
        await clock.advance(1000);
        expect(clock.pending).toBe(0);
        const second = await play(scripted);
        const { error: _first, ...one } = first.run;
        const { error: _second, ...other } = second.run;
        expect(other).toEqual(one);
      }),
      CASES,
    );
  },
);

it('from any recorded moment anybody derives what followed', { timeout: LIMIT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (scripted) => {
      const { moments } = await play(scripted);
      for (const { facts, next } of moments) {
        expect(summary(advance(scripted.plan, scripted.input, facts))).toBe(next);
      }
    }),
    CASES,
  );
});

it(
  'left at any moment and taken up again, it ends, and does nothing twice that has an outcome',
  { timeout: LIMIT_MS },
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.nat(), async (scripted, at) => {
        const { run, moments } = await play(scripted);
        const { facts } = moments[at % moments.length]!;
        const { results, errors, decisions, ending } = facts;
        const recorded = { results, errors, decisions, ...(ending === undefined ? {} : { ending }) };
        const again = await play(scripted, { recorded }, facts.nowMs);
        const known = new Set([...Object.keys(results), ...Object.keys(errors)]);
        expect(again.run.paths.filter((path) => known.has(path))).toEqual([]);
        if (at % moments.length === moments.length - 1) expect(again.run.status).toBe(run.status);
      }),
      CASES,
    );
  },
);

it(
  'an outcome that was reached stays, however late it is looked at, also when it is cancelled then',
  { timeout: LIMIT_MS },
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (scripted) => {
        const { moments } = await play(scripted);
        const { facts, next } = moments.at(-1)!;
        const later = { ...facts, nowMs: facts.nowMs + 86_400_000 };
        const ending = { code: 'cancelled', message: 'late', path: '' } as const;
        for (const seen of [later, { ...later, ending: facts.ending ?? ending }]) {
          expect(ended(summary(advance(scripted.plan, scripted.input, seen)))).toEqual(ended(next));
        }
      }),
      CASES,
    );
  },
);

/** How it ended, without the moment at which a callback's error was looked at. */
function ended(next: string): unknown {
  const { outcome, isDegraded } = JSON.parse(next.replaceAll(/"at":\d+/g, '"at":0')) as Continuation;
  return { outcome, isDegraded };
}

it('undos run one after the other, newest first, once each', { timeout: LIMIT_MS }, async () => {
  let undone = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (scripted) => {
      const { run } = await play(scripted);
      const own = run.compensations.filter((path) => !path.includes('~undo.', path.indexOf('~undo') + 5));
      undone += own.length;
      expect(new Set(run.compensations).size).toBe(run.compensations.length);
      for (const path of own) {
        const forward = run.trace.find((record) => record.path === path.split('~undo')[0]);
        if (forward === undefined) continue;
        const later = own.slice(own.indexOf(path) + 1).filter((other) => sagaOf(other) === sagaOf(path));
        for (const other of later) {
          const before = run.trace.findIndex((record) => record.path === other.split('~undo')[0]);
          if (before >= 0) expect(before).toBeLessThan(run.trace.indexOf(forward));
        }
      }
    }),
    CASES,
  );
  expect(undone).toBeGreaterThan(20);
});

function sagaOf(undo: string): string {
  const place = undo.split('~undo')[0]!;
  return place.slice(0, place.lastIndexOf('.') + 1);
}
