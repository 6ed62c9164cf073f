import type { Logger } from '../../observability/logger.ts';
import type { OpenSpan, SpanStart } from '../../observability/tracing.ts';
import type { Instruments } from '../../observability/metrics.ts';

export type Engine = 'in_process' | 'durable';

/** The instruments this room sets. */
export type PrimitiveMetrics = Pick<
  Instruments,
  | 'primitive_executions_total'
  | 'primitive_duration_seconds'
  | 'primitive_active'
  | 'primitive_attempts_total'
  | 'primitive_retries_exhausted_total'
  | 'primitive_branch_total'
  | 'primitive_fallback_total'
  | 'primitive_timeouts_total'
  | 'primitive_abandoned_total'
  | 'saga_compensations_total'
  | 'telemetry_dropped_total'
>;

/** Where executions are told of. */
export interface Telemetry {
  readonly metrics?: PrimitiveMetrics;
  readonly log?: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & Partial<Pick<Logger, 'isEnabled'>>;
  /** Left out: spans go to whoever records them in this process. */
  readonly openSpan?: (start: SpanStart) => OpenSpan;
  /** Told while the run waits; left out: as soon as the run leaves time for it. */
  readonly isPrompt?: boolean;
}

/** Telling must never change what is told of: whatever goes wrong with it is counted, if at all possible. */
export function safely(
  { metrics }: Telemetry,
  signal: 'traces' | 'metrics' | 'logs',
  tell: () => void,
): void {
  try {
    tell();
  } catch {
    try {
      metrics?.telemetry_dropped_total.inc({ signal });
    } catch {
      // Then nobody can be told.
    }
  }
}
