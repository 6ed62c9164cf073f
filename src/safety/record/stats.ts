import { toBackendError } from '../../redis/script.ts';
import type { RedisStore } from '../../redis/store.ts';

/**
 * Counters of one UTC hour, the source of every figure of dashboard and report. Names of fields:
 *
 * - `text:<stage>:<level>` texts that were judged; `crisis:<type>:<level>` signs of a crisis, by its first type
 * - `crises` signs of a crisis, `opened`, `raised`, `repeated`; `closed:<outcome>`, `closed:machine`
 * - `answer:n`, `answer:ms`, `answer:b<k>` time until a player in a crisis had the answer, by {@link bucketOf}
 * - `action:<type>:<ok|failed>` what was done for players
 * - `escalation:<level>:<outcome>`, `ack:n`, `ack:s`, `notification:<channel>:<outcome>`, `blocked:<category>`
 */
export type StatField = string;

const HOUR_MS = 3_600_000;
const MAX_HOURS = 720;
export const STATS_KEPT_SECONDS = 35 * 86_400;
const RATIO = 1.05;

/** `YYYYMMDDHH` in UTC. */
export function statsHour(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 13).replace(/[-T]/g, '');
}

/** Buckets near 1.05^k ms: a quantile is right within 5 %. */
export function bucketOf(ms: number): number {
  return Math.max(0, Math.round(Math.log(Math.max(1, ms)) / Math.log(RATIO)));
}

export function bucketMs(bucket: number): number {
  return RATIO ** bucket;
}

export interface HourOfSafety {
  /** Its beginning, epoch ms. */
  readonly atMs: number;
  /** Without an entry: zero, when the hour was recorded at all. */
  readonly counts: ReadonlyMap<StatField, number>;
}

/**
 * The newest hours, oldest first, the one that goes on included. One round trip.
 * @param hours  1 to 720
 */
export async function readStats(
  { redis, keys }: RedisStore,
  hours: number,
  nowMs: number,
): Promise<HourOfSafety[]> {
  const wanted = Math.max(1, Math.min(MAX_HOURS, Math.floor(hours)));
  const last = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const starts = Array.from({ length: wanted }, (_, i) => last - (wanted - 1 - i) * HOUR_MS);
  try {
    const pipeline = redis.pipeline();
    for (const atMs of starts) pipeline.hgetall(keys.safetyStats(statsHour(atMs)));
    const replies = (await pipeline.exec()) ?? [];
    return starts.map((atMs, i) => {
      const [error, fields] = replies[i] ?? [];
      if (error != null) throw error;
      const counts = new Map<StatField, number>();
      for (const [name, text] of Object.entries((fields ?? {}) as Record<string, string>)) {
        const n = Number(text);
        if (Number.isFinite(n)) counts.set(name, n);
      }
      return { atMs, counts };
    });
  } catch (error) {
    throw toBackendError(error, 'reading the counters of safety');
  }
}

/** Add to the counters of the hour; for what has no record of its own. One round trip. */
export async function countSafety(
  { redis, keys }: RedisStore,
  counts: Readonly<Record<StatField, number>>,
  nowMs: number,
): Promise<void> {
  const entries = Object.entries(counts).filter(([, n]) => n !== 0);
  if (entries.length === 0) return;
  const key = keys.safetyStats(statsHour(nowMs));
  try {
    const pipeline = redis.pipeline();
    for (const [field, n] of entries) pipeline.hincrbyfloat(key, field, n);
    pipeline.expire(key, STATS_KEPT_SECONDS);
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  } catch (error) {
    throw toBackendError(error, 'counting for safety');
  }
}
