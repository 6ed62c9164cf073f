/** The hash that `Tokens` computes while it reads a word. */
export function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0;
  return hash;
}

/** Of a place in the table. */
const FIELDS = 4;
const NUMBER = 1;
const OFFSET = 2;
const LENGTH = 3;

/**
 * All known words, numbered from 0. A look-up takes the letters where they lie and allocates nothing.
 * Built once, then only read.
 */
export class WordTable {
  readonly words: readonly string[];
  /** What is asked of a word side by side: its hash, its number plus one, 0 where the place is free, and where its letters are. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #letters: Uint16Array;
  readonly #ids: ReadonlyMap<string, number>;

  constructor(words: Iterable<string>) {
    this.words = [...new Set(words)];
    let size = 16;
    while (size < this.words.length * 4) size *= 2;
    this.#mask = size * FIELDS - 1;
    this.#slots = new Int32Array(size * FIELDS);
    this.#letters = new Uint16Array(this.words.reduce((sum, word) => sum + word.length, 0));
    this.#ids = new Map(this.words.map((word, id) => [word, id]));
    let at = 0;
    for (const [id, word] of this.words.entries()) {
      const hash = hashOf(word);
      let slot = spread(hash) & this.#mask;
      while (this.#slots[slot + NUMBER] !== 0) slot = (slot + FIELDS) & this.#mask;
      this.#slots[slot] = hash;
      this.#slots[slot + NUMBER] = id + 1;
      this.#slots[slot + OFFSET] = at;
      this.#slots[slot + LENGTH] = word.length;
      for (let i = 0; i < word.length; i++) this.#letters[at++] = word.charCodeAt(i);
    }
  }

  /** @returns the word's number, or -1 */
  find(letters: Uint16Array, offset: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = spread(hash) & mask; ; slot = (slot + FIELDS) & mask) {
      const number = slots[slot + NUMBER]!;
      if (number === 0) return -1;
      if (slots[slot] !== hash || slots[slot + LENGTH] !== length) continue;
      if (this.#isAt(slots[slot + OFFSET]!, letters, offset, length)) return number - 1;
    }
  }

  /** @returns the word's number, or -1 */
  idOf(word: string): number {
    return this.#ids.get(word) ?? -1;
  }

  #isAt(own: number, letters: Uint16Array, offset: number, length: number): boolean {
    const known = this.#letters;
    for (let i = 0; i < length; i++) if (known[own + i] !== letters[offset + i]) return false;
    return true;
  }
}

/** Of a hash the first field of a place. */
function spread(hash: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 7) * FIELDS;
}
