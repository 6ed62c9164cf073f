import { OutboxConsumer } from '../graph/outbox-consumer.ts';
import { decodeWorld, readStoredWorld } from '../sessions/world-codec.ts';
import type { Core } from './core.ts';

const POLL_MS = 1000;

/**
 * Write changes of worlds to Neo4j from this process, if one is configured. The driver is loaded only then, and a
 * database that is away keeps nobody from starting.
 *
 * @returns a function that stops; it never fails
 */
export async function startGraph(core: Core): Promise<() => Promise<void>> {
  const { url, user, password, database, batch_size: batchSize, timeout } = core.config.neo4j;
  if (url === null) return async () => undefined;
  const { Neo4jGraph } = await import('../graph/neo4j/neo4j-graph.ts');
  const { metrics, store } = core;
  const timeoutMs = Math.round(timeout * 1000);
  const graph = new Neo4jGraph({ url, user, password, database, timeoutMs });
  const consumer = new OutboxConsumer({
    store,
    graph,
    async readWorld(worldId) {
      const stored = await readStoredWorld(store, worldId);
      return stored === null ? null : decodeWorld(stored);
    },
    batchSize,
    pollMs: POLL_MS,
    leaseMs: 2 * timeoutMs,
    observer: {
      onBatch(outcomes, durationMs) {
        metrics.graph_batch_seconds.observe({}, durationMs / 1000);
        for (const outcome of outcomes) metrics.graph_entries_total.inc({ outcome });
      },
      onFailure: (code) => metrics.graph_failures_total.inc({ code }),
    },
    log: core.log,
  });
  await consumer.start();
  return async () => {
    await consumer.stop();
    await graph.close().catch(() => undefined);
  };
}
