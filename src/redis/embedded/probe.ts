import { Redis } from 'ioredis';

/**
 * One attempt to talk to the Redis on a local port.
 *
 * @returns the server's process id once it answers PING, or null: nothing there, or still loading its data
 */
export async function pidOfRedisAt(port: number): Promise<number | null> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined); // the rejected call below says it too
  try {
    await redis.connect();
    await redis.ping();
    const pid = /process_id:(\d+)/.exec(await redis.info('server'))?.[1];
    return pid === undefined ? null : Number(pid);
  } catch {
    return null;
  } finally {
    redis.disconnect();
  }
}
