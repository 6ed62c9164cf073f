import type { World } from '../../src/contracts/world.ts';
import type { EntryOutcome, ReadWorld } from '../../src/graph/apply-entries.ts';
import type { Graph } from '../../src/graph/graph-port.ts';
import { OutboxConsumer, type OutboxConsumerOptions } from '../../src/graph/outbox-consumer.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RedisStore } from '../../src/redis/store.ts';
import { decodeWorld, encodeWorld, readStoredWorld } from '../../src/sessions/world-codec.ts';
import type { Chapter } from './graph-story.ts';

/** A consumer as one process of a fleet has it, and all that it told. */
export interface TestedConsumer {
  readonly consumer: OutboxConsumer;
  readonly outcomes: EntryOutcome[];
  readonly failures: string[];
  readonly lines: string[];
}

export function newConsumer(
  store: RedisStore,
  graph: Graph,
  options: Partial<OutboxConsumerOptions> = {},
): TestedConsumer {
  const [outcomes, failures, lines]: [EntryOutcome[], string[], string[]] = [[], [], []];
  const log = createLogger({
    level: 'info',
    role: 'test',
    instance: 'test',
    version: '0',
    destination: { write: (line) => void lines.push(line) },
  });
  const consumer = new OutboxConsumer({
    store,
    graph,
    readWorld: worldReader(store),
    batchSize: 5,
    pollMs: 20,
    leaseMs: 60_000,
    observer: {
      onBatch: (told) => void outcomes.push(...told),
      onFailure: (code) => void failures.push(code),
    },
    log,
    rng: () => 0,
    ...options,
  });
  return { consumer, outcomes, failures, lines };
}

/** As the fleet reads a world. */
export function worldReader(store: RedisStore): ReadWorld {
  return async (worldId) => {
    const stored = await readStoredWorld(store, worldId);
    return stored === null ? null : decodeWorld(stored);
  };
}

export async function storeWorld({ redis, keys }: RedisStore, world: World): Promise<void> {
  await redis.hset(keys.world(world.world_id), { version: world.version, data: encodeWorld(world) });
}

/** What a write leaves behind: the world, and its entry in the outbox. */
export async function tell(store: RedisStore, chapters: readonly Chapter[]): Promise<void> {
  for (const { world, fields } of chapters) {
    await storeWorld(store, world);
    await append(store, fields);
  }
}

export async function append(
  { redis, keys }: RedisStore,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  await redis.xadd(keys.worldOutbox(), '*', ...Object.entries(fields).flat());
}

export function waiting({ redis, keys }: RedisStore): Promise<number> {
  return redis.xlen(keys.worldOutbox());
}
