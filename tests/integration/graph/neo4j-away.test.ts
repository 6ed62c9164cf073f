import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Neo4jGraph } from '../../../src/graph/neo4j/neo4j-graph.ts';
import { exportQueueGauges } from '../../../src/runtime/queue-gauges.ts';
import { seededRandom } from '../../../src/sessions/world/seeded.ts';
import { tell, waiting } from '../../support/graph-consumer.ts';
import { randomStory } from '../../support/graph-story.ts';
import { eventually, startHarness } from '../../support/harness.ts';
import { acquireRedis, type TestRedis } from '../../support/redis.ts';
import { tcpGate } from '../../support/tcp-gate.ts';
import { peopleOf } from '../../support/people-of.ts';

// The product's own connection to Neo4j, and no Neo4j.

let redis: TestRedis;
beforeAll(async () => {
  redis = await acquireRedis();
});
afterAll(() => redis.dispose());

const never = new AbortController().signal;
const writer = { name: 'test', epoch: 1 };
const graphAt = (port: number, timeoutMs = 1000): Neo4jGraph =>
  new Neo4jGraph({
    url: `bolt://127.0.0.1:${port}`,
    user: 'neo4j',
    password: 'secret-word',
    database: null,
    timeoutMs,
  });

describe('a Neo4j', () => {
  test('that is not there is unavailable, for every call', async () => {
    await using gate = await tcpGate(null);
    await gate.close();
    const graph = graphAt(gate.port);
    for (const call of [graph.prepare(never), graph.write(writer, async () => 1, never)]) {
      await expect(call).rejects.toMatchObject({ code: 'graph_unavailable', kind: 'unavailable' });
    }
    await graph.close();
  });

  test('that accepts and never answers is unavailable once its time is over', async () => {
    await using gate = await tcpGate(null);
    const graph = graphAt(gate.port, 300);
    const started = performance.now();
    for (let call = 0; call < 3; call++) {
      await expect(graph.prepare(never)).rejects.toMatchObject({ code: 'graph_unavailable' });
    }
    expect(performance.now() - started).toBeGreaterThan(800);
    expect(gate.connections()).toBe(3);
    // No connection stays behind, however often it is tried.
    await eventually(async () => expect(gate.openConnections()).toBe(0));
    await graph.close();
  });

  test('that hangs is left as soon as the caller stops', async () => {
    await using gate = await tcpGate(null);
    const graph = graphAt(gate.port, 60_000);
    const stopping = new AbortController();
    const call = graph.write(writer, async () => 1, stopping.signal);
    await eventually(async () => expect(gate.connections()).toBe(1));
    stopping.abort(new Error('stop'));
    await expect(call).rejects.toMatchObject({ code: 'graph_unavailable' });
    await graph.close();
  });
});

describe.each(['refuses connections', 'never answers'])('a fleet whose Neo4j %s', (how) => {
  test('plays, keeps the changes, says so in its metrics, and stops without delay', async () => {
    await using gate = await tcpGate(null);
    if (how === 'refuses connections') await gate.close();
    const settings = {
      'neo4j.url': `bolt://127.0.0.1:${gate.port}`,
      'neo4j.password': 'secret-word',
      'neo4j.timeout': '1',
    };
    await using h = await startHarness({ redisUrl: redis.url, settings });
    exportQueueGauges(h.core, peopleOf(h.core));
    await tell(h.core.store, randomStory('world_a', 7, seededRandom('away', 1)));
    const outbox = await waiting(h.core.store);
    expect(outbox).toBeGreaterThanOrEqual(7);
    const sessionId = await h.newSession();
    const answer = await h.play(sessionId, 'look');
    expect(answer.response_text).not.toBe('');
    await eventually(async () => {
      const { body } = await h.metrics.render();
      expect(body).toMatch(/^agent_orchestration_graph_failures_total\{code="graph_unavailable"\} [1-9]/m);
      expect(body).toMatch(/^agent_orchestration_graph_outbox_entries ([7-9]|\d\d)$/m);
    });
    expect(await waiting(h.core.store)).toBeGreaterThanOrEqual(outbox);
    const told = h.logLines.join('');
    expect(told.match(/the graph is not written/g)).toHaveLength(1);
    expect(told).not.toContain('secret-word');
  });
});

test('a fleet without Neo4j loads no driver', async () => {
  // Every module of a worker process, asked of Node itself.
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const { startGraph } = await import('./src/runtime/start-graph.ts');
    await import('./src/runtime/worker-role.ts');
    const neo4j = { url: null, user: 'neo4j', password: null, database: null, batch_size: 1, timeout: 1 };
    const stop = await startGraph({ config: { neo4j } });
    await stop();
    const drivers = () => loaded.filter((url) => url.includes('/neo4j-driver/')).length;
    const without = drivers();
    await import('./src/graph/neo4j/neo4j-graph.ts');
    console.log(JSON.stringify({ all: loaded.length, without, with: drivers() }));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--no-warnings', '--eval', script],
    { cwd: new URL('../../../', import.meta.url) },
  );
  const counts = JSON.parse(stdout) as { all: number; without: number; with: number };
  expect(counts.without).toBe(0);
  expect(counts.with).toBeGreaterThan(0);
  expect(counts.all).toBeGreaterThan(50);
});
