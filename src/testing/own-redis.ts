import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FleetError } from '../kernel/errors.ts';
import { closeRedis, connectRedis, type RedisClient } from '../redis/connect.ts';
import { findRedisServer } from '../redis/embedded/find-server.ts';
import { startEmbeddedRedis } from '../redis/embedded/start.ts';
import { namedRedis } from './settings.ts';

/** A Redis for a test. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly source: 'REDIS_URL' | 'local' | 'container';
  dispose(): Promise<void>;
}

/**
 * The Redis that REDIS_URL names, else a local server of its own, else a container.
 *
 * Errors: redis_unavailable when REDIS_URL is set and nothing answers there; redis_missing when there is none of the three
 */
export async function acquireRedis(): Promise<TestRedis> {
  const url = namedRedis();
  if (url !== null) return fromUrl(url);
  return findRedisServer() === null ? fromContainer() : fromLocalServer();
}

/** Everything under a key prefix is gone afterwards. */
export async function deletePrefix(redis: RedisClient, prefix: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000);
    cursor = next;
    if (keys.length > 0) await redis.unlink(...keys);
  } while (cursor !== '0');
}

async function fromUrl(url: string): Promise<TestRedis> {
  await closeRedis(await connectRedis({ url, name: 'test', onOutage: 'fail_fast' }));
  return testRedis(url, 'REDIS_URL', async () => undefined);
}

async function fromLocalServer(): Promise<TestRedis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ao-test-redis-'));
  const redis = await startEmbeddedRedis({ dataDir, persistent: false });
  return testRedis(redis.url, 'local', async () => {
    await redis.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
}

async function fromContainer(): Promise<TestRedis> {
  try {
    const { GenericContainer } = await import('testcontainers');
    const container = await new GenericContainer('redis:7.2-alpine')
      .withCommand(['redis-server', '--save', '', '--maxmemory-policy', 'noeviction'])
      .withExposedPorts(6379)
      .start();
    process.stderr.write('tests: using a Redis container\n');
    const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}/0`;
    return testRedis(url, 'container', async () => void (await container.stop()));
  } catch (error) {
    throw new FleetError({
      code: 'redis_missing',
      kind: 'unavailable',
      message:
        'tests need a Redis: set REDIS_URL, install redis-server, or install testcontainers and a container engine',
      cause: error,
    });
  }
}

function testRedis(url: string, source: TestRedis['source'], dispose: () => Promise<void>): TestRedis {
  return { url, source, dispose, [Symbol.asyncDispose]: dispose };
}
