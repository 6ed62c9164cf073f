import type { PrimitiveMetrics } from './telemetry.ts';

/**
 * Wrap a plain function: each of its calls is counted and timed like an `fn` of a plan.
 *
 * @param name  as the metrics call it: one of few, never an id
 * @param definition  the workflow it belongs to
 */
export function timed<A extends readonly unknown[], R>(
  name: string,
  work: (...args: A) => R,
  metrics: Pick<PrimitiveMetrics, 'primitive_executions_total' | 'primitive_duration_seconds'>,
  definition = 'none',
): (...args: A) => R {
  const labels = { kind: 'fn', primitive: name, definition, engine: 'in_process' } as const;
  return (...args) => {
    const startedAt = performance.now();
    const ended = (outcome: 'success' | 'error'): void => {
      metrics.primitive_executions_total.inc({ ...labels, outcome });
      metrics.primitive_duration_seconds.observe(labels, (performance.now() - startedAt) / 1000);
    };
    let result: R;
    try {
      result = work(...args);
    } catch (error) {
      ended('error');
      throw error;
    }
    if (result instanceof Promise) {
      result.then(
        () => ended('success'),
        () => ended('error'),
      );
    } else ended('success');
    return result;
  };
}
