import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../src/redis/embedded/find-server.ts';
import { startEmbeddedRedis } from '../../src/redis/embedded/start.ts';

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly source: 'REDIS_URL' | 'local' | 'container';
  dispose(): Promise<void>;
}

/**
 * A Redis for one test file: the one REDIS_URL names, else a local server of its own, else a container.
 * Call it in beforeAll and dispose it in afterAll; keep tests apart with {@link testPrefix}.
 */
export async function acquireRedis(): Promise<TestRedis> {
  const url = process.env['REDIS_URL'];
  if (url) return fromUrl(url);
  return findRedisServer() === null ? fromContainer() : fromLocalServer();
}

/** A key prefix nobody else uses, so that tests on one Redis do not see each other. */
export function testPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}

async function fromUrl(url: string): Promise<TestRedis> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined); // the rejected call below says it too
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new Error('REDIS_URL is set, but no Redis answers there', { cause: error });
  } finally {
    redis.disconnect();
  }
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
  const { GenericContainer } = await import('testcontainers');
  try {
    const container = await new GenericContainer('redis:7.2-alpine')
      .withCommand(['redis-server', '--save', '', '--maxmemory-policy', 'noeviction'])
      .withExposedPorts(6379)
      .start();
    process.stderr.write('tests: using a Redis container\n');
    const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}/0`;
    return testRedis(url, 'container', async () => void (await container.stop()));
  } catch (error) {
    throw new Error('tests need a Redis: set REDIS_URL, install redis-server, or start a container engine', {
      cause: error,
    });
  }
}

function testRedis(url: string, source: TestRedis['source'], dispose: () => Promise<void>): TestRedis {
  return { url, source, dispose, [Symbol.asyncDispose]: dispose };
}
