import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Logger } from '../../src/observability/logger.ts';
import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import { startTracing } from '../../src/observability/start-tracing.ts';

export interface RecordedSpans extends AsyncDisposable {
  readonly metrics: Metrics;
  readonly warnings: readonly string[];
  /** Everything that ended so far. */
  all(): Promise<readonly ReadableSpan[]>;
}

/** Records the spans of this process in memory, behind the same guard as in production. */
export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const metrics = createMetrics({ role: 'test', version: '0' });
  const warnings: string[] = [];
  const log: Pick<Logger, 'warn'> = { warn: (_fields, message) => void warnings.push(message) };
  const tracing = startTracing({ role: 'test', instance: 'test', version: '0', log, metrics, exporter });
  return {
    metrics,
    warnings,
    async all() {
      await tracing.flush();
      return exporter.getFinishedSpans();
    },
    async [Symbol.asyncDispose]() {
      await tracing.stop();
    },
  };
}

/** Each span with its parent, as `<name> <path> < <name> <path of the parent>`, sorted. */
export function shapeOf(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const label = (span: ReadableSpan | undefined): string => {
    const path = span?.attributes['primitive.path'];
    return `${span?.name ?? 'nobody'} ${typeof path === 'string' ? path : ''}`.trim();
  };
  return spans
    .map((span) => `${label(span)} < ${label(byId.get(span.parentSpanContext?.spanId ?? ''))}`)
    .toSorted();
}

/** The series of our metrics in a scrape, by name with labels. */
export async function series(metrics: Metrics, part: RegExp): Promise<Record<string, number>> {
  const { body } = await metrics.render();
  const lines = body.split('\n').filter((line) => part.test(line) && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at).replace('agent_orchestration_', ''), Number(line.slice(at + 1))];
    }),
  );
}
