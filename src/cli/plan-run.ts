import type { RunView } from '../contracts/run.ts';
import type { PlanRun } from '../runtime/open-plans.ts';

/** One step in a trace. */
export interface PlanStep {
  readonly path: string;
  readonly status: string;
  readonly attempts: number;
  readonly duration_ms: number | null;
  readonly error_code?: string;
}

/** How a run of a plan went, in the same words for both engines. */
export interface PlanRunDocument {
  readonly status: RunView['status'];
  readonly output?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly path: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly run_id: string;
  readonly correlation_id: string;
  readonly degraded: boolean;
  readonly duration_ms: number;
  readonly trace: readonly PlanStep[];
}

const STATUS = { ok: 'completed', error: 'failed', abandoned: 'skipped' } as const;

export function inProcessDocument(run: PlanRun): PlanRunDocument {
  return {
    status: run.status,
    ...(run.error === undefined ? { output: run.output } : { error: run.error }),
    run_id: run.runId,
    correlation_id: run.correlationId,
    degraded: run.degraded,
    duration_ms: run.durationMs,
    trace: run.trace.map(({ path, outcome, attempts, durationMs, errorCode }) => ({
      path,
      status: STATUS[outcome],
      attempts,
      duration_ms: durationMs,
      ...(errorCode === undefined ? {} : { error_code: errorCode }),
    })),
  };
}

export function durableDocument(run: RunView): PlanRunDocument {
  const { error } = run;
  return {
    status: run.status,
    ...(error === null
      ? { output: run.output }
      : { error: { code: error.code, message: error.message, path: error.path ?? '' } }),
    run_id: run.run_id,
    correlation_id: run.correlation_id,
    degraded: run.degraded,
    duration_ms: Date.parse(run.ended_at ?? run.created_at) - Date.parse(run.created_at),
    trace: run.steps.map(({ name, status, attempts, duration_ms: ms, error_code: code }) => ({
      path: name,
      status,
      attempts,
      duration_ms: ms,
      ...(code === undefined ? {} : { error_code: code }),
    })),
  };
}
