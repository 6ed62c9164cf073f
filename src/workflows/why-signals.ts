import type { WhyReason } from '../contracts/why.ts';
import { isOpen } from '../contracts/run.ts';
import { toIso } from '../kernel/clock.ts';
import type { Continuation } from '../primitives/advance/facts.ts';
import { calledRunId } from '../primitives/durable/called-runs.ts';
import { readRun, type RunFacts } from '../primitives/durable/read-run.ts';
import type { WorkflowContext } from './context.ts';
import { derive } from './derive.ts';
import type { Survey } from './survey.ts';

export interface SignalWaits {
  readonly reasons: readonly WhyReason[];
  /** The scopes that only seem to pause: a signal ends it. Of a called run, below the path of its call. */
  readonly scopes: ReadonlySet<string>;
}

/** The signals that a run waits for, and those that the runs wait for which it called. */
export async function explainSignals(
  ctx: WorkflowContext,
  runId: string,
  next: Continuation | null,
  { branches }: Survey,
): Promise<SignalWaits> {
  const calls = branches.filter(({ role }) => role === 'call').map(({ path }) => path);
  const called = await Promise.all(
    calls.map(async (path) => {
      const facts = await readRun(ctx.store, calledRunId(runId, path));
      return { path, waits: facts === null ? [] : waitsOf(ctx, facts) };
    }),
  );
  const all = [{ path: '', waits: next?.waits ?? [] }, ...called].flatMap(({ path, waits }) =>
    waits.map((wait) => ({ ...wait, below: path })),
  );
  return {
    scopes: new Set(all.map(({ below, scopes }) => joined(below, scopes.at(-1) ?? ''))),
    reasons: all.map(({ name, path, dueAtMs, below }) => {
      const signal = `the signal "${name}"${below === '' ? '' : ` to run ${calledRunId(runId, below)}`}`;
      return {
        kind: 'waiting_for_signal',
        subject: name,
        until: toIso(dueAtMs),
        detail: `"${joined(below, path)}" waits for ${signal}`,
        what_changes_it: `${signal}, or its time limit`,
      };
    }),
  };
}

function waitsOf(ctx: WorkflowContext, facts: RunFacts): Continuation['waits'] {
  const definition = ctx.catalog.find(facts.run.workflow, facts.run.version);
  if (definition === undefined || !isOpen(facts.run.status)) return [];
  try {
    return derive(definition, facts, ctx.clock.now()).waits;
  } catch {
    // Its plan breaks; whoever asks for that run is told so.
    return [];
  }
}

function joined(below: string, path: string): string {
  return [below, path].filter((part) => part !== '').join('.');
}
