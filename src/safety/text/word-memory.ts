const SLOTS = 4096;
/** Longer words are not remembered. */
const LONGEST = 16;

/**
 * Remembers what became of words that are in no table, by their letters where they lie: a newer word takes the
 * place of an older one. Bounded, and allocates nothing after it is made.
 */
export class WordMemory {
  readonly #letters = new Uint16Array(SLOTS * LONGEST);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #hashes = new Int32Array(SLOTS);
  readonly #values = new Int32Array(SLOTS);

  /** @returns what was kept for the word, or -1 */
  find(letters: Uint16Array, offset: number, length: number, hash: number): number {
    const slot = slotOf(hash);
    if (this.#hashes[slot] !== hash || this.#lengths[slot] !== length || length > LONGEST) return -1;
    const own = slot * LONGEST;
    for (let i = 0; i < length; i++) if (this.#letters[own + i] !== letters[offset + i]) return -1;
    return this.#values[slot]!;
  }

  /** @param value  0 or more */
  keep(letters: Uint16Array, offset: number, length: number, hash: number, value: number): void {
    if (length === 0 || length > LONGEST) return;
    const slot = slotOf(hash);
    this.#hashes[slot] = hash;
    this.#lengths[slot] = length;
    this.#values[slot] = value;
    for (let i = 0; i < length; i++) this.#letters[slot * LONGEST + i] = letters[offset + i]!;
  }
}

function slotOf(hash: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8) & (SLOTS - 1);
}
