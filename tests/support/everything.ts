import type { RedisClient } from '../../src/redis/connect.ts';

/** Every key of a fleet with all that it holds, as texts. */
export async function everythingOf(redis: RedisClient, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1000);
    cursor = next;
    for (const key of keys) found.set(key, JSON.stringify(await valueOf(redis, key)) ?? '');
  } while (cursor !== '0');
  return found;
}

/** Where any of the words stands, in a key or in what it holds. */
export function placesOf(everything: ReadonlyMap<string, string>, words: readonly string[]): string[] {
  return [...everything].flatMap(([key, value]) =>
    words.filter((word) => key.includes(word) || value.includes(word)).map((word) => `${word} in ${key}`),
  );
}

async function valueOf(redis: RedisClient, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return null;
  }
}
