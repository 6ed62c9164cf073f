import { hashOfLetters } from '../match/word-table.ts';

const SLOTS = 4096;
/** Words of one slot group may stand in any slot of it, so that two that are often used do not drive each other out. */
const GROUP = 4;
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
  #turn = 0;

  /** @returns what was kept for the word, or -1 */
  find(letters: Uint16Array, offset: number, length: number): number {
    if (length > LONGEST) return -1;
    const slot = this.#slotOf(letters, offset, length, hashOfLetters(letters, offset, length));
    return slot === -1 ? -1 : this.#values[slot]!;
  }

  /** @param value  0 or more */
  keep(letters: Uint16Array, offset: number, length: number, value: number): void {
    if (length === 0 || length > LONGEST) return;
    const hash = hashOfLetters(letters, offset, length);
    const own = this.#slotOf(letters, offset, length, hash);
    const slot = own === -1 ? groupOf(hash) + (this.#turn++ & (GROUP - 1)) : own;
    this.#hashes[slot] = hash;
    this.#lengths[slot] = length;
    this.#values[slot] = value;
    for (let i = 0; i < length; i++) this.#letters[slot * LONGEST + i] = letters[offset + i]!;
  }

  #slotOf(letters: Uint16Array, offset: number, length: number, hash: number): number {
    const group = groupOf(hash);
    for (let slot = group; slot < group + GROUP; slot++) {
      if (this.#hashes[slot] === hash && this.#isAt(slot, letters, offset, length)) return slot;
    }
    return -1;
  }

  #isAt(slot: number, letters: Uint16Array, offset: number, length: number): boolean {
    if (this.#lengths[slot] !== length) return false;
    const own = slot * LONGEST;
    for (let i = 0; i < length; i++) if (this.#letters[own + i] !== letters[offset + i]) return false;
    return true;
  }
}

function groupOf(hash: number): number {
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8) & (SLOTS - GROUP);
}
