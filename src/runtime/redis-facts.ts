import { publicAddress, type RedisClient } from '../redis/connect.ts';
import { toBackendError } from '../redis/script.ts';

/** `INFO` as an object of its lines. */
export function parseInfo(text: string): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const cut = line.indexOf(':');
    if (cut > 0 && !line.startsWith('#')) facts[line.slice(0, cut)] = line.slice(cut + 1);
  }
  return facts;
}

export interface RedisFacts {
  readonly url: string;
  readonly version: string;
  readonly maxmemoryPolicy: string;
  readonly appendOnly: boolean;
  /** Median of a few round trips. */
  readonly latencyMs: number;
  /** Redis time minus local time, corrected by half a round trip. */
  readonly clockSkewMs: number;
  readonly usedMemoryBytes: number;
  readonly maxMemoryBytes: number | null;
}

const PINGS = 5;

/** What an operator wants to know of a Redis. Errors: backend_unavailable. */
export async function readRedisFacts(redis: RedisClient, url: string): Promise<RedisFacts> {
  try {
    const latencies: number[] = [];
    for (let i = 0; i < PINGS; i++) {
      const sent = performance.now();
      await redis.ping();
      latencies.push(performance.now() - sent);
    }
    const latencyMs = latencies.sort((a, b) => a - b)[Math.floor(PINGS / 2)]!;
    const [seconds, micros] = await redis.time();
    const redisNowMs = Number(seconds) * 1000 + Number(micros) / 1000;
    const info = parseInfo(await redis.info());
    const maxMemory = Number(info['maxmemory'] ?? 0);
    return {
      url: publicAddress(url),
      version: info['valkey_version'] ?? info['redis_version'] ?? 'unknown',
      maxmemoryPolicy: info['maxmemory_policy'] ?? 'unknown',
      appendOnly: info['aof_enabled'] === '1',
      latencyMs,
      clockSkewMs: redisNowMs + latencyMs / 2 - Date.now(),
      usedMemoryBytes: Number(info['used_memory'] ?? 0),
      maxMemoryBytes: maxMemory === 0 ? null : maxMemory,
    };
  } catch (error) {
    throw toBackendError(error, 'reading the state of Redis');
  }
}
