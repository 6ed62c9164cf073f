import { createKeys } from '../../redis/keys.ts';
import type { RedisStore } from '../../redis/store.ts';
import { systemTimerClock, type TimerClock } from '../in-process/timer-clock.ts';
import type { CachePolicy } from '../plan/node.ts';
import { CacheCounts, sumStats, type CacheEvent, type CacheResult, type CacheStats } from './cache-counts.ts';
import { cacheDigest } from './cache-key.ts';
import type { Cache, CacheRequest } from './cached-call.ts';
import { decode, encodeError, encodeValue, rebuildError, type Entry } from './entry.ts';
import { Flights } from './flights.ts';
import { Lru } from './lru.ts';
import { RedisTier } from './redis-tier.ts';

// A cached call:
// 1. No key (nobody's call, chance is wanted …): it is made as if there were no cache.
// 2. Somebody in this process is already looking for it: wait for them.
// 3. Fresh in memory: that is the answer.
// 4. Fresh in Redis: that is the answer, and memory keeps it.
// 5. The call is made and its result kept. Does it fail, an expired entry may stand in for it.
// Whatever goes wrong with the cache itself is counted and otherwise as if nothing had been found.

export interface CacheSetup {
  /** Left out: policies that ask for Redis keep their entries in memory alone. */
  readonly store?: RedisStore;
  /** Monotonic; default that of the process. */
  readonly clock?: TimerClock;
  /** How long a call waits for Redis at most; default 50. */
  readonly redisLimitMs?: number;
  readonly observe?: (event: CacheEvent) => void;
}

const monotonicClock: TimerClock = {
  now: () => performance.now(),
  after: (delayMs, call) => systemTimerClock.after(delayMs, call),
};

export function createCache(setup: CacheSetup = {}): Cache {
  return new TwoTierCache(setup);
}

/** The entries of one name and version. */
interface Space {
  readonly name: string;
  readonly version: number;
  readonly memory: Lru;
  readonly counts: CacheCounts;
}

/** What a shared call came to; `text` lets every other waiter have a value of its own. */
interface Landed {
  readonly value: unknown;
  readonly text: string | null;
}

/** One call on its way through the tiers. */
interface Lookup {
  readonly key: string;
  readonly policy: CachePolicy;
  readonly space: Space;
  readonly accepts: (value: unknown) => boolean;
}

class TwoTierCache implements Cache {
  readonly #clock: TimerClock;
  readonly #redis: RedisTier | undefined;
  readonly #keys: RedisStore['keys'];
  readonly #observe: (event: CacheEvent) => void;
  readonly #spaces = new Map<string, Space>();
  readonly #flights = new Flights<Landed>();

  constructor({ store, clock = monotonicClock, redisLimitMs = 50, observe = () => undefined }: CacheSetup) {
    this.#clock = clock;
    this.#observe = observe;
    this.#keys = store?.keys ?? createKeys('memory');
    this.#redis = store === undefined ? undefined : new RedisTier({ store, clock, limitMs: redisLimitMs });
  }

  async cachedCall<T>(
    policy: CachePolicy,
    request: CacheRequest,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const space = this.#space(policy, request.name);
    const key = this.#safeKey(policy, request, space);
    if (key === null) {
      space.counts.bypassed += 1;
      this.#note(space, policy.tier, 'bypass');
      return call(request.signal ?? new AbortController().signal);
    }
    request.signal?.throwIfAborted();
    const lookup: Lookup = { key, policy, space, accepts: request.accepts ?? (() => true) };
    // Values are stored under this key by calls of this same step, so they are what it returns.
    if (this.#flights.has(key)) {
      space.counts.coalesced += 1;
      this.#note(space, policy.tier, 'coalesced');
      const { value, text } = await this.#flights.join(key, request.signal, neverBegun);
      return (text === null ? value : valueOf(text)) as T;
    }
    const found = this.#lookInMemory(lookup);
    if (found?.isFresh === true) return this.#hit(lookup, 'memory', found.entry) as T;
    const begin = (signal: AbortSignal): Promise<Landed> =>
      this.#find(lookup, found?.entry ?? null, () => call(signal), signal);
    return (await this.#flights.join(key, request.signal, begin)).value as T;
  }

  keyOf(policy: CachePolicy, { name, input, ids }: CacheRequest): string | null {
    const digest = cacheDigest(policy, input, ids ?? {});
    return digest === null ? null : this.#keys.cache(name, String(policy.version), digest);
  }

  async delete(key: string): Promise<boolean> {
    const inMemory = [...this.#spaces.values()].map(({ memory }) => memory.delete(key));
    const inRedis = (await this.#redis?.delete(key)) ?? false;
    return inRedis || inMemory.includes(true);
  }

  async clear(name?: string): Promise<void> {
    const spaces = this.#spacesOf(name);
    for (const { memory } of spaces) memory.clear();
    for (const space of spaces) {
      await this.#redis?.deleteAll(this.#keys.cache(space.name, String(space.version), ''));
    }
  }

  evictExpired(): number {
    return this.#spacesOf().reduce((count, { memory }) => count + memory.evictExpired(), 0);
  }

  stats(name?: string): CacheStats {
    return sumStats(this.#spacesOf(name));
  }

  /** Redis, then the call itself. */
  async #find(
    lookup: Lookup,
    inMemory: Entry | null,
    call: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<Landed> {
    const { space, policy } = lookup;
    let stale = inMemory;
    if (this.#redis !== undefined && policy.tier !== 'memory') {
      const found = await this.#lookInRedis(this.#redis, lookup);
      if (found?.isFresh === true) {
        return { value: this.#hit(lookup, 'redis', found.entry), text: found.text };
      }
      stale ??= found?.entry ?? null;
      signal.throwIfAborted();
    }
    space.counts.misses += 1;
    let value: unknown;
    try {
      value = await call();
    } catch (error) {
      if (signal.aborted) throw error;
      if (stale !== null && 'ok' in stale) return { value: stale.ok, text: JSON.stringify(stale) };
      const text = policy.cacheErrors === true ? encodeError(error) : null;
      if (text !== null) await this.#keep(lookup, text);
      throw error;
    }
    const text = mayStore(lookup, value) ? encodeValue(value) : null;
    if (text === null) this.#note(space, policy.tier, 'skip');
    else if (!signal.aborted) await this.#keep(lookup, text);
    return { value, text };
  }

  #lookInMemory(lookup: Lookup): { readonly entry: Entry; readonly isFresh: boolean } | null {
    const { key, policy, space } = lookup;
    if (policy.tier === 'redis' && this.#redis !== undefined) return null;
    const found = space.memory.get(key);
    if (found === null) {
      this.#note(space, 'memory', 'miss');
      return null;
    }
    if (found === 'gone' || !found.isFresh) {
      space.counts.expirations += 1;
      this.#note(space, 'memory', 'expired');
    }
    if (found === 'gone') return null;
    const entry = this.#usable(lookup, 'memory', found.text);
    return entry === null ? null : { entry, isFresh: found.isFresh };
  }

  async #lookInRedis(redis: RedisTier, lookup: Lookup) {
    const { key, policy, space } = lookup;
    let found;
    try {
      found = await redis.read(key);
    } catch {
      this.#failed(space, 'redis'); // away or slow: as if nothing had been there
      return null;
    }
    if (found === null) {
      this.#note(space, 'redis', 'miss');
      return null;
    }
    const freshMs = found.remainingMs - (policy.staleIfErrorMs ?? 0);
    const entry = this.#usable(lookup, 'redis', found.text);
    if (entry === null) return null;
    if (freshMs <= 0) {
      space.counts.expirations += 1;
      this.#note(space, 'redis', 'expired');
    } else if (policy.tier === 'both') {
      space.memory.set(key, found.text, Math.min(freshMs, policy.ttlMs), policy.staleIfErrorMs ?? 0);
    }
    return { entry, text: found.text, isFresh: freshMs > 0 };
  }

  /** Null for what is no entry, or holds a value that is not what the step returns. */
  #usable({ space, accepts }: Lookup, tier: 'memory' | 'redis', text: string): Entry | null {
    const entry = decode(text);
    if (entry !== null && ('error' in entry || accepts(entry.ok))) return entry;
    this.#failed(space, tier);
    return null;
  }

  #hit({ space }: Lookup, tier: 'memory' | 'redis', entry: Entry): unknown {
    space.counts.hits += 1;
    this.#note(space, tier, 'hit');
    if ('ok' in entry) return entry.ok;
    throw rebuildError(entry);
  }

  async #keep({ key, policy, space }: Lookup, text: string): Promise<void> {
    const staleMs = policy.staleIfErrorMs ?? 0;
    if (policy.tier !== 'redis' || this.#redis === undefined) {
      if (!space.memory.set(key, text, policy.ttlMs, staleMs)) this.#note(space, 'memory', 'skip');
    }
    if (policy.tier === 'memory' || this.#redis === undefined) return;
    try {
      await this.#redis.write(key, text, policy.ttlMs + staleMs);
    } catch {
      this.#failed(space, 'redis'); // the caller has its value all the same
    }
  }

  #safeKey(policy: CachePolicy, request: CacheRequest, space: Space): string | null {
    try {
      return this.keyOf(policy, request);
    } catch {
      this.#failed(space, policy.tier); // a key function that throws must not fail the call
      return null;
    }
  }

  #failed(space: Space, tier: CacheEvent['tier']): void {
    space.counts.errors += 1;
    this.#note(space, tier, 'error');
  }

  #note({ name }: Space, tier: CacheEvent['tier'], result: CacheResult): void {
    this.#observe({ cache: name, tier, result });
  }

  #spacesOf(name?: string): Space[] {
    return [...this.#spaces.values()].filter((space) => name === undefined || space.name === name);
  }

  #space({ version, maxEntries, maxBytes }: CachePolicy, name: string): Space {
    const id = `${name}:v${version}`;
    const known = this.#spaces.get(id);
    if (known !== undefined) return known;
    const memory = new Lru({ maxEntries, maxBytes, now: () => this.#clock.now() });
    const space = { name, version, memory, counts: new CacheCounts() };
    this.#spaces.set(id, space);
    return space;
  }
}

/** A flight that is under way is not begun again. */
function neverBegun(): never {
  throw new RangeError('the flight is over');
}

function mayStore({ policy, accepts }: Lookup, value: unknown): boolean {
  try {
    // Written for the output of this very step.
    const storeIf = policy.storeIf as ((output: unknown) => boolean) | undefined;
    return accepts(value) && (storeIf?.(value) ?? true);
  } catch {
    return false; // who cannot say yes has not said it
  }
}

function valueOf(text: string): unknown {
  const entry = decode(text);
  return entry !== null && 'ok' in entry ? entry.ok : null;
}
