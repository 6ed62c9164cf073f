import { trace, type Span } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { openSpan, openSpanLater } from '../../../src/observability/tracing.ts';
import { recordSpans } from '../../support/recorded-spans.ts';

describe('a span that is begun later', () => {
  it('takes its place at once and is recorded with everything that was said of it meanwhile', async () => {
    await using recorded = recordSpans();
    const begins: (() => void)[] = [];
    const above = openSpan({ name: 'above', parent: null });
    const promised = openSpanLater(
      { name: 'below', parent: above, startMs: 1_700_000_000_000 },
      (begin) => void begins.push(begin),
    );
    const seen = promised.run(() => {
      const active = trace.getActiveSpan() as Span;
      active.setAttribute('said', 'early').addEvent('found', { n: 1 }, 1_700_000_000_001);
      return active.spanContext();
    });
    promised.end(1_700_000_000_002);
    promised.set({ said: 'too late' });
    above.end();
    expect((await recorded.all()).map(({ name }) => name)).toEqual(['above']);

    for (const begin of begins) begin();
    const [, below] = await recorded.all();
    expect(below?.spanContext()).toMatchObject({ spanId: seen.spanId, traceId: seen.traceId });
    expect(below?.parentSpanContext?.spanId).toBe(above.ids.span_id);
    expect(below?.attributes).toEqual({ said: 'early' });
    expect(below?.events.map(({ name }) => name)).toEqual(['found']);
    expect(below?.startTime).toEqual([1_700_000_000, 0]);
    expect(below?.endTime).toEqual([1_700_000_000, 2_000_000]);
  });

  it('is begun at once where nobody keeps to ids that were agreed on', () => {
    const begins: (() => void)[] = [];
    openSpanLater({ name: 'alone', parent: null }, (begin) => void begins.push(begin)).end();
    expect(begins).toEqual([]);
  });
});
