import type { Lru } from './lru.ts';

export const CACHE_RESULTS = ['hit', 'miss', 'expired', 'bypass', 'coalesced', 'error', 'skip'] as const;
export type CacheResult = (typeof CACHE_RESULTS)[number];

/** One look at one tier, or what became of a call that never looked; feeds `cache_requests_total`. */
export interface CacheEvent {
  readonly cache: string;
  readonly tier: 'memory' | 'redis' | 'both';
  readonly result: CacheResult;
}

export interface CacheStats {
  /** In memory. */
  readonly entries: number;
  readonly hits: number;
  /** Calls that were made. */
  readonly misses: number;
  /** Looks that found an entry past its time. */
  readonly expirations: number;
  readonly evictions: number;
  /** Calls that waited for another's. */
  readonly coalesced: number;
  readonly bypassed: number;
  /** Redis away or slow, and entries that could not be read. */
  readonly errors: number;
  /** 0 to 1: hits of hits and misses; 0 while unused. */
  readonly hitRatio: number;
}

/** Counts of one cache. A call counts once as hit, miss, coalesced or bypassed. */
export class CacheCounts {
  hits = 0;
  misses = 0;
  expirations = 0;
  coalesced = 0;
  bypassed = 0;
  errors = 0;
}

export function sumStats(parts: readonly { counts: CacheCounts; memory: Lru }[]): CacheStats {
  const sum = (of: (counts: CacheCounts) => number): number =>
    parts.reduce((total, { counts }) => total + of(counts), 0);
  const hits = sum((counts) => counts.hits);
  const misses = sum((counts) => counts.misses);
  return {
    entries: parts.reduce((total, { memory }) => total + memory.size, 0),
    hits,
    misses,
    expirations: sum((counts) => counts.expirations),
    evictions: parts.reduce((total, { memory }) => total + memory.evictions, 0),
    coalesced: sum((counts) => counts.coalesced),
    bypassed: sum((counts) => counts.bypassed),
    errors: sum((counts) => counts.errors),
    hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
  };
}
