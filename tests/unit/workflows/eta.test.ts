import { describe, expect, test } from 'vitest';
import { summarize, type ServiceSummary } from '../../../src/primitives/durable/service-times.ts';
import { etaMs } from '../../../src/workflows/eta.ts';

function served(more: Partial<ServiceSummary> = {}): ServiceSummary {
  return { count: 20, errors: 0, totalMs: 2_000, p50Ms: 100, concurrency: 2, level: 0, ...more };
}
function load(waiting: Record<string, number>, queues: Record<string, ServiceSummary>) {
  return { waiting: new Map(Object.entries(waiting)), served: new Map(Object.entries(queues)) };
}

describe('when a run will be done', () => {
  test('is what waits at each of its steps, shared by who works there, and the steps themselves', () => {
    const busy = load({ ipa: 0, nga: 30 }, { ipa: served({ p50Ms: 10 }), nga: served({ concurrency: 10 }) });
    expect(etaMs(['ipa', 'nga'], busy)).toBe(10 + 100 * 3 + 100);
  });

  test('is unknown where too little was served, or nothing is known of a queue', () => {
    const known = load({}, { ipa: served(), nga: served({ count: 19 }) });
    expect(etaMs(['ipa'], known)).toBe(100);
    expect(etaMs(['ipa', 'nga'], known)).toBeNull();
    expect(etaMs(['ipa', 'own'], known)).toBeNull();
    expect(etaMs([], known)).toBeNull();
  });
});

describe('what was served', () => {
  test('adds minutes up, takes the median by its bucket, and each worker once', () => {
    const bucket = (ms: number): string => `b${Math.round(Math.log(ms) / Math.log(1.05))}`;
    const summary = summarize([
      { n: '3', ms: '300', [bucket(100)]: '3', err: '1', 'w:one': '4' },
      { n: '2', ms: '2000', [bucket(1000)]: '2', 'w:one': '4', 'w:two': '8', l2: '1' },
      { n: '1', ms: '1000', [bucket(1000)]: '1', l3: '1' },
    ]);
    expect(summary).toMatchObject({ count: 6, errors: 1, totalMs: 3300, concurrency: 12, level: 2 });
    expect(summary.p50Ms).toBeGreaterThan(95);
    expect(summary.p50Ms).toBeLessThan(105);
    expect(summarize([{}])).toMatchObject({ count: 0, p50Ms: null, level: 0 });
  });
});
