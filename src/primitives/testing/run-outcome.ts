import type { PrimitiveError } from '../primitive-error.ts';
import type { RunResult } from '../in-process/run.ts';
import type { StepRecord } from '../in-process/leaf-call.ts';

/** How a run went, in terms that hold whoever ran it. */
export interface RunOutcome {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'timed_out';
  readonly output?: unknown;
  readonly errorCode?: string;
  readonly errorPath?: string;
  /** Paths of the steps that were called, in the order in which they ended. */
  readonly paths: readonly string[];
  /** `<path> = <branch>` of every choice, in the order of the plan. */
  readonly branches: readonly string[];
  /** Calls by path. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Paths of the undos that were called, in order. */
  readonly compensations: readonly string[];
  readonly isDegraded: boolean;
}

export type Runner = (caseOf: RunCase) => Promise<RunOutcome>;

/** One comparison: a plan with its input, by a name that tells it from others. */
export interface RunCase {
  readonly name: string;
  readonly plan: import('../plan/node.ts').PlanNode;
  readonly input: unknown;
  readonly signals?: Readonly<Record<string, unknown>>;
}
