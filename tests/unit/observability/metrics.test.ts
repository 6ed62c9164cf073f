import { describe, expect, test, vi } from 'vitest';
import { deferred } from '../../../src/kernel/deferred.ts';
import {
  DURATION_BUCKETS,
  METRIC_CATALOGUE,
  METRIC_PREFIX,
} from '../../../src/observability/metric-catalogue.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';

const setup = (onScrapeError?: (error: unknown) => void) => {
  return createMetrics({ role: 'api', version: '0.1.0', ...(onScrapeError && { onScrapeError }) });
};

describe('catalogue', () => {
  test('every entry is exported under its name, with its type and help', async () => {
    const { body } = await setup().render();
    for (const { name, type, help } of METRIC_CATALOGUE) {
      expect(body).toContain(`# HELP ${METRIC_PREFIX}${name} ${help}\n`);
      expect(body).toContain(`# TYPE ${METRIC_PREFIX}${name} ${type}\n`);
    }
  });

  test('names are unique and follow the conventions', () => {
    const names = METRIC_CATALOGUE.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, labels } of METRIC_CATALOGUE) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      for (const label of labels) expect(label).not.toMatch(/(^|_)(id|run|session|user|job|path)$/);
    }
  });

  test('the limits that answers are judged by are bounds of the histograms', () => {
    expect(DURATION_BUCKETS).toEqual([...DURATION_BUCKETS].sort((a, b) => a - b));
    for (const limit of [0.005, 0.5, 1, 2, 5, 120]) expect(DURATION_BUCKETS).toContain(limit);
  });
});

describe('instruments', () => {
  test('counters, gauges and histograms appear with their labels', async () => {
    const metrics = setup();
    metrics.jobs_completed_total.inc({ queue: 'ipa' });
    metrics.jobs_completed_total.inc({ queue: 'ipa' }, 2);
    metrics.queue_jobs.set({ queue: 'ipa', state: 'waiting' }, 7);
    metrics.http_in_flight.inc({});
    metrics.http_in_flight.inc({});
    metrics.http_in_flight.dec({});
    metrics.turn_response_seconds.observe({ workflow: 'turn' }, 1.5);
    const { body, contentType } = await metrics.render();
    expect(contentType).toContain('text/plain; version=0.0.4');
    expect(body).toContain('agent_orchestration_jobs_completed_total{queue="ipa"} 3');
    expect(body).toContain('agent_orchestration_queue_jobs{queue="ipa",state="waiting"} 7');
    expect(body).toContain('agent_orchestration_http_in_flight 1');
    expect(body).toContain('agent_orchestration_turn_response_seconds_bucket{le="1",workflow="turn"} 0');
    expect(body).toContain('agent_orchestration_turn_response_seconds_bucket{le="2",workflow="turn"} 1');
    expect(body).toMatch(
      /agent_orchestration_build_info\{version="0\.1\.0",role="api",node_version="v\d+\..*"\} 1/,
    );
    expect(body).toContain('process_cpu_seconds_total');
    expect(body).toContain('nodejs_eventloop_lag_seconds');
  });

  test('two sets of metrics in one process do not mix', async () => {
    const [first, second] = [setup(), setup()];
    first.idempotent_replays_total.inc({});
    expect((await first.render()).body).toContain('idempotent_replays_total 1');
    expect((await second.render()).body).toContain('idempotent_replays_total 0');
  });

  test('after fifty workflow names the next ones count as other', async () => {
    const metrics = setup();
    for (let i = 0; i < 60; i++) metrics.workflow_runs_total.inc({ workflow: `w${i}`, status: 'completed' });
    metrics.workflow_runs_total.inc({ workflow: 'w0', status: 'completed' });
    const { body } = await metrics.render();
    expect(body).toContain('workflow_runs_total{workflow="w0",status="completed"} 2');
    expect(body).toContain('workflow_runs_total{workflow="w49",status="completed"} 1');
    expect(body).not.toContain('workflow="w50"');
    expect(body).toContain('workflow_runs_total{workflow="other",status="completed"} 10');
  });

  test('a cleared gauge forgets what is gone', async () => {
    const metrics = setup();
    metrics.queue_workers.set({ queue: 'old' }, 1);
    metrics.queue_workers.clear();
    metrics.queue_workers.set({ queue: 'new' }, 2);
    const { body } = await metrics.render();
    expect(body).not.toContain('queue="old"');
    expect(body).toContain('queue_workers{queue="new"} 2');
  });
});

describe('scrapes', () => {
  test('hooks are asked before each scrape until they are taken back', async () => {
    const metrics = setup();
    let value = 0;
    const remove = metrics.onScrape(() => metrics.redis_up.set({ connection: 'main' }, ++value));
    await metrics.render();
    expect((await metrics.render()).body).toContain('redis_up{connection="main"} 2');
    remove();
    expect((await metrics.render()).body).toContain('redis_up{connection="main"} 2');
  });

  test('simultaneous scrapes share one reading', async () => {
    const metrics = setup();
    const read = vi.fn(async () => undefined);
    metrics.onScrape(read);
    await Promise.all([metrics.render(), metrics.render()]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('a hook that throws or hangs costs the scrape nothing but its numbers', async () => {
    const errors: unknown[] = [];
    const metrics = setup((error) => errors.push(error));
    const down = new Error('redis is down');
    let seen: AbortSignal | undefined;
    metrics.onScrape(() => {
      throw down;
    });
    metrics.onScrape((signal) => {
      seen = signal;
      return deferred().promise;
    });
    const { body } = await metrics.render();
    expect(body).toContain('build_info');
    expect(seen?.aborted).toBe(true);
    expect(errors).toEqual([down, expect.objectContaining({ name: 'TimeoutError' })]);
  });
});
