import type { CachePolicy } from '../plan/node.ts';
import type { CacheStats } from './cache-counts.ts';
import type { CacheIds } from './cache-key.ts';

export interface CacheRequest {
  /** Of the step; calls of two steps with one name share entries. */
  readonly name: string;
  readonly input: unknown;
  readonly ids?: CacheIds;
  /** Of this caller; others who wait for the same call are not disturbed. */
  readonly signal?: AbortSignal;
  /** A value this does not accept is neither stored nor used; the step's output schema, most often. */
  readonly accepts?: (value: unknown) => boolean;
}

export interface Cache {
  /**
   * The remembered result of an equal call, or what `call` gives now. Every caller gets a value of its own.
   * Errors: those of `call` alone
   */
  cachedCall<T>(
    policy: CachePolicy,
    request: CacheRequest,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** What {@link delete} takes; null for a call that bypasses the cache. */
  keyOf(policy: CachePolicy, request: CacheRequest): string | null;
  /** Errors: backend_unavailable, when it may still be in Redis */
  delete(key: string): Promise<boolean>;
  /**
   * Everything this process has cached, or what belongs to one name.
   * Errors: backend_unavailable, when some may still be in Redis
   */
  clear(name?: string): Promise<void>;
  /** @returns how many entries left memory */
  evictExpired(): number;
  /** Of one name, or of all. */
  stats(name?: string): CacheStats;
}
