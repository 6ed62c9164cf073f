import { LRUCache } from 'lru-cache';

export interface LruOptions {
  readonly maxEntries: number;
  /** Of all texts together; default unlimited. */
  readonly maxBytes?: number | undefined;
  /** Monotonic milliseconds. */
  now(): number;
}

interface Entry {
  readonly text: string;
  readonly bytes: number;
  /** From this moment on the entry is expired. */
  readonly expiresAtMs: number;
  /** From this moment on it is of no use at all. */
  readonly goneAtMs: number;
}

export interface Recalled {
  readonly text: string;
  readonly isFresh: boolean;
}

/**
 * Texts by key with a time to live; what was used least recently makes room. The library keeps order and size. The
 * times are kept here: an entry is expired at exactly its time (the library's is not yet), and after that it may
 * still stand in for a failure.
 */
export class Lru {
  readonly #options: LruOptions;
  readonly #entries: LRUCache<string, Entry>;
  #evictions = 0;

  constructor(options: LruOptions) {
    const { maxEntries, maxBytes } = options;
    this.#options = options;
    this.#entries = new LRUCache({
      max: maxEntries,
      // Nothing counts as nothing there.
      ...(maxBytes !== undefined && {
        maxSize: maxBytes,
        sizeCalculation: ({ bytes }) => Math.max(1, bytes),
      }),
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many entries made room for others. */
  get evictions(): number {
    return this.#evictions;
  }

  /** An entry that has expired is still given, as not fresh, while it may stand in for a failure. */
  get(key: string): Recalled | 'gone' | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const now = this.#options.now();
    if (now >= entry.goneAtMs) {
      this.#entries.delete(key);
      return 'gone';
    }
    return { text: entry.text, isFresh: now < entry.expiresAtMs };
  }

  /**
   * @param staleMs  how much longer than `ttlMs` the entry may stand in for a failure
   * @returns false when the text alone is larger than everything that may be kept
   */
  set(key: string, text: string, ttlMs: number, staleMs: number): boolean {
    const bytes = Buffer.byteLength(text);
    const expiresAtMs = this.#options.now() + ttlMs;
    this.#entries.delete(key);
    if (bytes > (this.#options.maxBytes ?? Number.POSITIVE_INFINITY)) return false;
    this.#entries.set(key, { text, bytes, expiresAtMs, goneAtMs: expiresAtMs + staleMs });
    return true;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Forget what is of no use any more. */
  evictExpired(): number {
    const now = this.#options.now();
    const gone = [...this.#entries].filter(([, entry]) => now >= entry.goneAtMs);
    for (const [key] of gone) this.#entries.delete(key);
    return gone.length;
  }
}
