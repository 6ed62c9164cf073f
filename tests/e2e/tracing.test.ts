import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCollector } from '../support/collector.ts';
import { startHarness, type Harness } from '../support/harness.ts';
import { fleetProcesses } from '../support/processes.ts';
import { acquireRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const LINE = 'look around, said the marker';

/** The port of a service that nobody runs. */
async function nobody(): Promise<AsyncDisposable & { readonly url: string }> {
  return { url: 'http://127.0.0.1:9', [Symbol.asyncDispose]: async () => undefined };
}

/** Operations only; the work is done by processes of their own. */
function operationsOnly(): Promise<Harness> {
  return startHarness({ redisUrl: redis.url, workers: [] });
}

function tracingTo(url: string): Record<string, string> {
  return { AO_OTEL__ENABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: url };
}

describe('[P8.1] a fleet that traces', () => {
  it('sends one trace for a turn whose steps ran in three processes, without a word of the player', async () => {
    await using collector = await startCollector();
    await using h = await operationsOnly();
    await using processes = fleetProcesses(h, {}, tracingTo(collector.url));
    const started = await Promise.all([
      processes.start('worker', 'ipa'),
      processes.start('worker', 'wba'),
      processes.start('worker', 'nga', 'flow'),
    ]);
    const answer = await h.play(await h.newSession(), LINE);
    await h.quiet();
    for (const process of started) process.signal('SIGTERM');
    for (const process of started) expect((await process.ended).code).toBe(0);
    const { spans } = collector;
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(spans.map(({ instance }) => instance)).size).toBe(3);
    const attempts = spans.filter(({ name }) => name === 'primitive.attempt');
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts) {
      const step = spans.find(({ spanId }) => spanId === attempt.parentSpanId);
      expect(step?.name).toBe('primitive.step');
    }
    const runs = spans.filter(({ name }) => name === 'workflow.run');
    expect(runs).toHaveLength(1);
    expect(JSON.stringify(runs)).toContain(answer.workflow_metadata.run_id);
    const sent = collector.raw.join('');
    expect(sent).not.toContain('marker');
    expect(sent).not.toContain(answer.response_text.slice(0, 40));
  });
});

describe('[P13.9] a collector that is not there', () => {
  it.each([
    ['refuses', nobody],
    ['never answers', () => startCollector('hangs')],
  ] as const)(
    '%s: turns are answered, and the process ends within 2 s of its usual end',
    async (_how, start) => {
      await using collector = await start();
      await using h = await operationsOnly();
      const endOf = async (env: Record<string, string>): Promise<{ tookMs: number; stderr: string }> => {
        await using processes = fleetProcesses(h, { 'log.level': 'warn' }, env);
        const agents = ['ipa', 'wba', 'nga', 'flow'].flatMap((agent) => [agent]);
        const worker = await processes.start('worker', ...agents);
        await h.play(await h.newSession(), LINE);
        await h.quiet();
        const asked = performance.now();
        worker.signal('SIGTERM');
        expect((await worker.ended).code).toBe(0);
        return { tookMs: performance.now() - asked, stderr: worker.stderr() };
      };
      const silent = await endOf({});
      const traced = await endOf(tracingTo(collector.url));
      expect(traced.tookMs - silent.tookMs).toBeLessThan(2_000 + 1_000);
      expect(traced.stderr).not.toMatch(/unexpected error|unhandled/i);
      const warnings = traced.stderr
        .split('\n')
        .filter((line) => line.includes('spans could not be exported'));
      expect(warnings).toHaveLength(1);
    },
  );
});
