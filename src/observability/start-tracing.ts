import { setImmediate as soon } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import { ExportGuard, MAX_WAITING_SPANS, type GuardOptions } from './export-guard.ts';
import { plannedIds } from './trace-ids.ts';

export interface TracingOptions extends GuardOptions {
  readonly role: string;
  readonly instance: string;
  readonly version: string;
  /** Left out: OTLP over HTTP, as the standard OTEL_EXPORTER_OTLP_… variables say. */
  readonly exporter?: SpanExporter;
}

export interface Tracing {
  /** Hand over everything that has ended so far. */
  flush(): Promise<void>;
  /** The same for the last time, for {@link FLUSH_MS} at most; from then on nothing is recorded. Never fails. */
  stop(): Promise<void>;
}

/** What the end of a process may wait for its last spans. */
const FLUSH_MS = 2_000;

/** Record the spans of this process and send them in batches. Errors: none; what cannot be sent is counted. */
export function startTracing(options: TracingOptions): Tracing {
  const { role, instance, version } = options;
  const guard = new ExportGuard(options);
  const batches = new BatchSpanProcessor({
    exporter: guard.exporter(options.exporter ?? new OTLPTraceExporter({ timeoutMillis: FLUSH_MS })),
    maxQueueSize: MAX_WAITING_SPANS,
    exportTimeoutMillis: FLUSH_MS,
  });
  const named = resourceFromAttributes({
    'service.name': 'tta-agent-fleet',
    'service.version': version,
    'service.instance.id': instance,
    'ao.role': role,
  });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: plannedIds,
    spanProcessors: [guard.processor(batches)],
  });
  trace.setGlobalTracerProvider(provider);
  plannedIds.areKept = true;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    async flush() {
      await soon(); // what has just ended is told now
      await provider.forceFlush().catch(() => undefined);
    },
    async stop() {
      await soon();
      plannedIds.areKept = false;
      trace.disable();
      context.disable();
      const over = Promise.withResolvers<void>();
      const timer = setTimeout(over.resolve, FLUSH_MS);
      // A failed batch has been counted where it failed.
      await Promise.race([provider.shutdown().catch(() => undefined), over.promise]);
      clearTimeout(timer);
      guard.abandon();
    },
  };
}
