import { ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { ExportGuard, MAX_WAITING_SPANS } from '../../../src/observability/export-guard.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { showPlayersAs } from '../../../src/observability/tracing.ts';

const TAKEN = { code: ExportResultCode.SUCCESS };
const REFUSED = { code: ExportResultCode.FAILED, error: new Error('refused') };

function setup(options: { readonly refuses?: true; readonly hangs?: true } = {}) {
  let now = 0;
  const metrics = createMetrics({ role: 'test', version: '0' });
  const warnings: object[] = [];
  const guard = new ExportGuard({
    metrics,
    log: { warn: (fields) => void warnings.push(fields) },
    now: () => now,
  });
  const target = new InMemorySpanExporter();
  const exporter = guard.exporter({
    export: (spans, done) =>
      target.export(spans, () => {
        if (options.hangs !== true) done(options.refuses === true ? REFUSED : TAKEN);
      }),
    shutdown: () => target.shutdown(),
  });
  const batches = new BatchSpanProcessor({ exporter, maxQueueSize: MAX_WAITING_SPANS });
  const provider = new TracerProvider({ spanProcessors: [guard.processor(batches)] });
  const dropped = async (): Promise<number> => {
    const { body } = await metrics.render();
    return Number(/telemetry_dropped_total\{signal="traces"\} (\d+)/.exec(body)?.[1] ?? 0);
  };
  return {
    tracer: provider.getTracer('test'),
    flush: () => provider.forceFlush().catch(() => undefined),
    sent: () => target.getFinishedSpans(),
    warnings,
    dropped,
    guard,
    pass: (ms: number) => void (now += ms),
  };
}

describe('[P8.4] what leaves the process', () => {
  test('is free of results, options, messages, stacks and long attributes, whoever put them there', async () => {
    const { tracer, flush, sent } = setup();
    const span = tracer.startSpan('work', {
      attributes: {
        'bullmq.job.result': 'secret',
        'bullmq.job.options': 'secret',
        long: 'x'.repeat(1_025),
        list: Array.from({ length: 300 }, () => 'long'),
        short: 'x'.repeat(1_024),
        'primitive.path': 'a.b',
      },
    });
    span.recordException(new Error('secret'));
    span.end();
    await flush();
    expect(sent()[0]?.attributes).toEqual({ short: 'x'.repeat(1_024), 'primitive.path': 'a.b' });
    expect(JSON.stringify(sent()[0]?.events)).not.toContain('secret');
    expect(sent()[0]?.events[0]?.attributes).toEqual({ 'exception.type': 'Error' });
  });

  test('names players by their hash, or not at all', async () => {
    const { tracer, flush, sent } = setup();
    for (const hash of [(id: string) => `hash of ${id.length}`, null]) {
      showPlayersAs(hash);
      tracer.startSpan('work', { attributes: { player_id: 'alice', 'enduser.id': 'alice' } }).end();
      await flush();
    }
    expect(sent().map(({ attributes }) => attributes)).toEqual([{ 'player.hash': 'hash of 5' }, {}]);
  });
});

describe('[P8.4] what does not arrive', () => {
  test('is counted, with one warning a minute', async () => {
    const { tracer, flush, warnings, dropped, pass } = setup({ refuses: true });
    for (let batch = 0; batch < 3; batch++) {
      tracer.startSpan('work').end();
      await flush();
    }
    expect(await dropped()).toBe(3);
    expect(warnings).toEqual([{ spans: 1, reason: 'refused' }]);
    pass(60_000);
    tracer.startSpan('work').end();
    await flush();
    expect(warnings).toEqual([
      { spans: 1, reason: 'refused' },
      { spans: 3, reason: 'refused' },
    ]);
  });

  test('while nobody answers at most 2048 are kept, and the newest are dropped', async () => {
    const { tracer, dropped, sent } = setup({ hangs: true });
    for (let n = 0; n < MAX_WAITING_SPANS + 5; n++) tracer.startSpan(`s${n}`).end();
    expect(await dropped()).toBe(5);
    expect(sent()[0]?.name).toBe('s0');
  });

  test('what is left when the process ends counts as dropped', async () => {
    const { tracer, guard, dropped } = setup();
    tracer.startSpan('work').end();
    guard.abandon();
    expect(await dropped()).toBe(1);
  });
});
