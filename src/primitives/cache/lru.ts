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

/** Texts by key with a time to live; what was used least recently makes room. A Map keeps the order of use. */
export class Lru {
  readonly #options: LruOptions;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #evictions = 0;

  constructor(options: LruOptions) {
    this.#options = options;
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
      this.delete(key);
      return 'gone';
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { text: entry.text, isFresh: now < entry.expiresAtMs };
  }

  /**
   * @param staleMs  how much longer than `ttlMs` the entry may stand in for a failure
   * @returns false when the text alone is larger than everything that may be kept
   */
  set(key: string, text: string, ttlMs: number, staleMs: number): boolean {
    const bytes = Buffer.byteLength(text);
    this.delete(key);
    const { maxEntries, maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    if (bytes > maxBytes) return false;
    const expiresAtMs = this.#options.now() + ttlMs;
    this.#entries.set(key, { text, bytes, expiresAtMs, goneAtMs: expiresAtMs + staleMs });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries && this.#bytes <= maxBytes) break;
      this.delete(oldest);
      this.#evictions += 1;
    }
    return true;
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#bytes -= entry.bytes;
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** Forget what is of no use any more. */
  evictExpired(): number {
    const now = this.#options.now();
    const gone = [...this.#entries].filter(([, entry]) => now >= entry.goneAtMs);
    for (const [key] of gone) this.delete(key);
    return gone.length;
  }
}
