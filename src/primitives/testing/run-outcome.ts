import { isDeepStrictEqual } from 'node:util';
import type { Continuation } from '../advance/facts.ts';
import type { StepRecord } from '../in-process/leaf-call.ts';
import type { Callable } from '../plan/callable.ts';
import type { PlanNode } from '../plan/node.ts';

/** How a run went, in terms that hold for whoever ran it. */
export interface RunOutcome {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'timed_out';
  readonly output?: unknown;
  readonly errorCode?: string;
  readonly errorPath?: string;
  /** Steps of the run itself that were called, in the order in which they ended. */
  readonly paths: readonly string[];
  /** Every choice in the order of the plan, as `<path>=<branch>`. */
  readonly branches: readonly string[];
  /** Calls by path. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Undos that were called, in order. */
  readonly compensations: readonly string[];
  readonly isDegraded: boolean;
}

/** Something to run, whoever runs it. */
export interface RunCase {
  readonly name: string;
  readonly plan: PlanNode;
  readonly input: unknown;
  readonly signals?: Readonly<Record<string, unknown>>;
  /** What its calls may name. */
  readonly workflows?: readonly Callable[];
}

export type Runner = (runCase: RunCase) => Promise<RunOutcome>;

/** What an interpreter saw, as an outcome. */
export function outcomeOf(seen: {
  readonly ended: { readonly output: unknown } | { readonly errorCode: string; readonly errorPath: string };
  readonly runId: string;
  readonly trace: readonly StepRecord[];
  readonly last: Pick<Continuation, 'branches' | 'isDegraded'> | null;
}): RunOutcome {
  const { ended, last } = seen;
  const called = seen.trace.filter((record) => record.attempts > 0 && record.runId === seen.runId);
  return {
    status: 'output' in ended ? 'completed' : statusOf(ended.errorCode, ended.errorPath),
    ...ended,
    paths: called.map(({ path }) => path),
    branches: (last?.branches ?? []).map(({ path, branch }) => `${path}=${branch}`),
    attempts: Object.fromEntries(called.map(({ path, attempts }) => [path, attempts])),
    compensations: called.flatMap(({ path }) => (path.includes('~undo') ? [path] : [])),
    isDegraded: last?.isDegraded ?? false,
  };
}

function statusOf(errorCode: string, errorPath: string): RunOutcome['status'] {
  if (errorCode === 'cancelled') return 'cancelled';
  return errorCode === 'deadline_exceeded' && errorPath === '' ? 'timed_out' : 'failed';
}

/**
 * Where two outcomes differ, as `<field>: <one> / <other>`; none = they agree. Steps side by side end in an order
 * that is nobody's promise, so `order: 'set'` compares which were called and leaves the order to the undos.
 */
export function differences(
  one: RunOutcome,
  other: RunOutcome,
  options: { readonly order?: 'exact' | 'set' } = {},
): string[] {
  const [left, right] = [one, other].map((outcome) =>
    options.order === 'set' ? { ...outcome, paths: outcome.paths.toSorted() } : outcome,
  ) as [RunOutcome, RunOutcome];
  const fields = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof RunOutcome>;
  return [...fields].flatMap((field) =>
    isDeepStrictEqual(left[field], right[field])
      ? []
      : [`${field}: ${JSON.stringify(left[field])} / ${JSON.stringify(right[field])}`],
  );
}

/** Every case by both runners; what they do not agree about, by the name of the case. */
export async function disagreements(
  cases: Iterable<RunCase>,
  one: Runner,
  other: Runner,
  options: { readonly order?: 'exact' | 'set' } = {},
): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  for (const runCase of cases) {
    const differing = differences(await one(runCase), await other(runCase), options);
    if (differing.length > 0) found[runCase.name] = differing;
  }
  return found;
}
