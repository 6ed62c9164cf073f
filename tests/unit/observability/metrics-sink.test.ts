import { describe, expect, test } from 'vitest';
import { MESSAGE_METRICS } from '../../../src/coordination/messages/metric-names.ts';
import { METRIC_CATALOGUE, METRIC_PREFIX } from '../../../src/observability/metric-catalogue.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { createMetricsSink } from '../../../src/observability/metrics-sink.ts';

function setup(readElsewhere: readonly string[] = []) {
  const metrics = createMetrics({ role: 'test', version: '0' });
  let now = 0;
  const sink = createMetricsSink(metrics, { readElsewhere, now: () => now });
  const lines = async (): Promise<string> => (await metrics.render()).body;
  return { sink, lines, at: (ms: number) => void (now = ms) };
}

test('every metric of messages is in the catalogue of the fleet', () => {
  const known = METRIC_CATALOGUE.map(({ name }) => METRIC_PREFIX + name);
  expect(Object.values(MESSAGE_METRICS).filter((name) => !known.includes(name as never))).toEqual([]);
});

describe('the sink', () => {
  test('counts, sets and observes under the full names', async () => {
    const { sink, lines } = setup();
    sink.inc(MESSAGE_METRICS.delivered, { agent: 'bob:b1' });
    sink.inc(MESSAGE_METRICS.delivered, { agent: 'bob:b1' }, 2);
    sink.inc(MESSAGE_METRICS.auditFailures);
    sink.set(MESSAGE_METRICS.reservedLength, 4, { agent: 'bob:b1' });
    sink.observe(MESSAGE_METRICS.waitSeconds, 0.02, { agent: 'bob:b1' });
    const text = await lines();
    expect(text).toContain('agent_orchestration_messages_delivered_total{agent="bob:b1"} 3\n');
    expect(text).toContain('agent_orchestration_message_audit_failures_total 1\n');
    expect(text).toContain('agent_orchestration_reserved_length{agent="bob:b1"} 4\n');
    expect(text).toContain('agent_orchestration_message_wait_seconds_count{agent="bob:b1"} 1\n');
  });

  test('tells who counts what is not in the catalogue', () => {
    expect(() => setup().sink.inc('agent_orchestration_nonsense_total')).toThrow('nonsense');
  });

  test('leaves gauges alone that somebody else reads', async () => {
    const { sink, lines } = setup([MESSAGE_METRICS.reservedLength]);
    sink.set(MESSAGE_METRICS.reservedLength, 4, { agent: 'bob:b1' });
    expect(await lines()).not.toContain('reserved_length{');
  });

  test('forgets agents that nobody heard of for long, unless they are to stay', async () => {
    const { sink, lines, at } = setup();
    for (const agent of ['anna:a1', 'bob:b1']) {
      sink.inc(MESSAGE_METRICS.deliveryErrors, { agent, reason: 'queue_full' });
      sink.observe(MESSAGE_METRICS.waitSeconds, 1, { agent });
    }
    at(50);
    sink.inc(MESSAGE_METRICS.delivered, { agent: 'carl:c1' });
    sink.forgetIdle(100, 100, (agent) => agent === 'anna:a1');
    const text = await lines();
    expect(text).not.toContain('bob:b1');
    expect(text).toContain('delivery_errors_total{agent="anna:a1",reason="queue_full"} 1');
    expect(text).toContain('carl:c1');
    sink.inc(MESSAGE_METRICS.nacks, { agent: 'bob:b1' });
    expect(await lines()).toContain('nacks_total{agent="bob:b1"} 1');
  });
});
