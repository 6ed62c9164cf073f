import { OUTCOMES } from '../../../config/safety-weights.ts';
import type { WordTable } from '../match/word-table.ts';

const SIZE = OUTCOMES.length;
const HUNDREDTHS = 100;
const FREE = -1;

/** Weights of pairs of words, found by their numbers without an allocation. */
export class PairTable {
  readonly #mask: number;
  readonly #firsts: Int32Array;
  readonly #seconds: Int32Array;
  readonly #rows: Float32Array;

  /** @param weights  by two words with a space between them; pairs with a word that is not in `words` are left out */
  constructor(weights: Readonly<Record<string, readonly number[]>>, words: WordTable) {
    const pairs = Object.entries(weights);
    let slots = 16;
    while (slots < pairs.length * 3) slots *= 2;
    this.#mask = slots - 1;
    this.#firsts = new Int32Array(slots).fill(FREE);
    this.#seconds = new Int32Array(slots);
    this.#rows = new Float32Array(slots * SIZE);
    for (const [pair, row] of pairs) {
      const [first = '', second = ''] = pair.split(' ');
      const a = words.idOf(first);
      const b = words.idOf(second);
      if (a === -1 || b === -1) continue;
      let slot = slotOf(a, b) & this.#mask;
      while (this.#firsts[slot] !== FREE) slot = (slot + 1) & this.#mask;
      this.#firsts[slot] = a;
      this.#seconds[slot] = b;
      for (let k = 0; k < SIZE; k++) this.#rows[slot * SIZE + k] = row[k]! / HUNDREDTHS;
    }
  }

  /** Adds the weights of a pair, if it has any. */
  add(first: number, second: number, sum: Float64Array): void {
    const firsts = this.#firsts;
    const seconds = this.#seconds;
    const mask = this.#mask;
    let slot = slotOf(first, second) & mask;
    while (firsts[slot] !== first || seconds[slot] !== second) {
      if (firsts[slot] === FREE) return;
      slot = (slot + 1) & mask;
    }
    const rows = this.#rows;
    const at = slot * SIZE;
    for (let k = 0; k < SIZE; k++) sum[k]! += rows[at + k]!;
  }
}

function slotOf(first: number, second: number): number {
  return Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) >>> 7;
}
