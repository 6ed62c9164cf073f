import type { Readiness } from '../../contracts/operator.ts';
import type { RedisClient } from '../../redis/connect.ts';
import { parseInfo } from '../redis-facts.ts';

const CACHE_MS = 1_000;
const LIMIT_MS = 1_000;

/** The state of what the process needs, looked at once per second at most. */
export function createReadiness(redis: RedisClient, requireNoeviction: boolean): () => Promise<Readiness> {
  let cached: { at: number; value: Promise<Readiness> } | undefined;
  return () => {
    const now = performance.now();
    if (cached === undefined || now - cached.at > CACHE_MS) {
      cached = { at: now, value: look(redis, requireNoeviction) };
    }
    return cached.value;
  };
}

async function look(redis: RedisClient, requireNoeviction: boolean): Promise<Readiness> {
  const started = performance.now();
  try {
    const info = parseInfo(await within(redis.info('memory')));
    const policy = info['maxmemory_policy'] ?? 'unknown';
    const checks = [
      {
        name: 'redis',
        ok: true,
        essential: true,
        detail: `answered in ${Math.round(performance.now() - started)} ms`,
      },
      {
        name: 'noeviction',
        ok: policy === 'noeviction',
        essential: requireNoeviction,
        detail: `maxmemory-policy is ${policy}`,
      },
    ];
    const broken = checks.filter((check) => !check.ok);
    if (broken.some((check) => check.essential)) return { status: 'down', checks };
    return { status: broken.length > 0 ? 'degraded' : 'ready', checks };
  } catch {
    return {
      status: 'down',
      checks: [{ name: 'redis', ok: false, essential: true, detail: 'does not answer' }],
    };
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new Error('too slow')), LIMIT_MS);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
