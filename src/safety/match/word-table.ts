/** The hash that `Tokens` computes while it reads a word. */
export function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0;
  return hash;
}

/**
 * All known words, numbered from 0. A look-up takes the letters where they lie and allocates nothing.
 * Built once, then only read.
 */
export class WordTable {
  readonly words: readonly string[];
  /** Hash and number plus one side by side: both come with one access to memory. Number 0 is a free place. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #offsets: Int32Array;
  readonly #letters: Uint16Array;
  readonly #ids: ReadonlyMap<string, number>;

  constructor(words: Iterable<string>) {
    this.words = [...new Set(words)];
    let size = 16;
    while (size < this.words.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Int32Array(size * 2);
    this.#offsets = new Int32Array(this.words.length + 1);
    this.#letters = new Uint16Array(this.words.reduce((sum, word) => sum + word.length, 0));
    this.#ids = new Map(this.words.map((word, id) => [word, id]));
    let at = 0;
    for (const [id, word] of this.words.entries()) {
      this.#offsets[id] = at;
      for (let i = 0; i < word.length; i++) this.#letters[at++] = word.charCodeAt(i);
      const hash = hashOf(word);
      let slot = spread(hash) & this.#mask;
      while (this.#slots[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot * 2] = hash;
      this.#slots[slot * 2 + 1] = id + 1;
    }
    this.#offsets[this.words.length] = at;
  }

  /** @returns the word's number, or -1 */
  find(letters: Uint16Array, offset: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = spread(hash) & mask;
    for (;;) {
      const id = slots[slot * 2 + 1]! - 1;
      if (id === -1) return -1;
      if (slots[slot * 2] === hash && this.#isAt(id, letters, offset, length)) return id;
      slot = (slot + 1) & mask;
    }
  }

  /** @returns the word's number, or -1 */
  idOf(word: string): number {
    return this.#ids.get(word) ?? -1;
  }

  #isAt(id: number, letters: Uint16Array, offset: number, length: number): boolean {
    const known = this.#letters;
    const own = this.#offsets[id]!;
    if (this.#offsets[id + 1]! - own !== length) return false;
    for (let i = 0; i < length; i++) if (known[own + i] !== letters[offset + i]) return false;
    return true;
  }
}

function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 7;
}
