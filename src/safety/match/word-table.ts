import { codeOf, UNCODED } from './word-code.ts';

/** A hash of the letters of a word. */
export function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0;
  return hash;
}

/** The same of letters where they lie. */
export function hashOfLetters(letters: Uint16Array, offset: number, length: number): number {
  let hash = 0;
  for (let i = offset; i < offset + length; i++) hash = (Math.imul(hash, 31) + letters[i]!) | 0;
  return hash;
}

/** Of a place among the coded words: the lower and the upper number of the code, and the word's own plus one, 0 where it is free. */
const HIGH = 1;
/** Of a place among the others: the hash, and where the letters are. */
const OFFSET = 1;
const LENGTH = 2;
const NUMBER = 3;
const FIELDS = 4;

/**
 * All known words, numbered from 0. A look-up takes the letters where they lie and allocates nothing.
 * Built once, then only read.
 */
export class WordTable {
  readonly words: readonly string[];
  /** What is asked of a word stands side by side, and comes with one access to memory. */
  readonly #coded: Int32Array;
  readonly #others: Int32Array;
  readonly #mask: number;
  readonly #letters: Uint16Array;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #longest: number;

  constructor(words: Iterable<string>) {
    this.words = [...new Set(words)];
    let size = 16;
    while (size < this.words.length * 2) size *= 2;
    this.#mask = size * FIELDS - 1;
    this.#coded = new Int32Array(size * FIELDS);
    this.#others = new Int32Array(size * FIELDS);
    this.#letters = new Uint16Array(this.words.reduce((sum, word) => sum + word.length, 0));
    this.#ids = new Map(this.words.map((word, id) => [word, id]));
    this.#longest = this.words.reduce((most, { length }) => Math.max(most, length), 0);
    let at = 0;
    for (const [id, word] of this.words.entries()) {
      const { low, high } = codeOf(word);
      if (low !== UNCODED) {
        const slot = this.#freePlace(this.#coded, placeOfCode(low, high));
        this.#coded.set([low, high, 0, id + 1], slot);
        continue;
      }
      const hash = hashOf(word);
      this.#others.set([hash, at, word.length, id + 1], this.#freePlace(this.#others, placeOfHash(hash)));
      for (let i = 0; i < word.length; i++) this.#letters[at++] = word.charCodeAt(i);
    }
  }

  #freePlace(table: Int32Array, wanted: number): number {
    let slot = wanted & this.#mask;
    while (table[slot + NUMBER] !== 0) slot = (slot + FIELDS) & this.#mask;
    return slot;
  }

  /** By its code. @returns the word's number, or -1 */
  findCoded(low: number, high: number): number {
    const table = this.#coded;
    const mask = this.#mask;
    let slot = placeOfCode(low, high) & mask;
    while (table[slot] !== low || table[slot + HIGH] !== high) {
      if (table[slot] === UNCODED) return -1;
      slot = (slot + FIELDS) & mask;
    }
    return table[slot + NUMBER]! - 1;
  }

  /** A word that has no code. @returns the word's number, or -1 */
  find(letters: Uint16Array, offset: number, length: number): number {
    if (length > this.#longest) return -1;
    const table = this.#others;
    const mask = this.#mask;
    const hash = hashOfLetters(letters, offset, length);
    for (let slot = placeOfHash(hash) & mask; ; slot = (slot + FIELDS) & mask) {
      const number = table[slot + NUMBER]!;
      if (number === 0) return -1;
      if (table[slot] !== hash || table[slot + LENGTH] !== length) continue;
      if (this.#isAt(table[slot + OFFSET]!, letters, offset, length)) return number - 1;
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

/** The first field of the place where a look-up begins. */
function placeOfHash(hash: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 7) * FIELDS;
}

function placeOfCode(low: number, high: number): number {
  return (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 12) * FIELDS;
}
