/** More sets are not kept: memory stays bounded for any text. */
const MAX_SETS = 1024;
/** Instead of the place of a set. */
export const NO_SET = -1;

/**
 * Sets of symbols as bits, each made of all symbols that bear one of some labels. Symbol s of the set at place p is bit s % 32 of
 * `bits[p + (s >> 5)]`.
 */
export class SymbolSets {
  bits: Int32Array;
  readonly #width: number;
  /** Symbols that bear label l: from `#at[l]` up to `#at[l + 1]`. */
  readonly #at: Int32Array;
  readonly #symbols: Int32Array;
  readonly #always: readonly number[];
  #size = 0;

  /**
   * @param labelsOf  by symbol
   * @param always  symbols that are in every set
   */
  constructor(labelsOf: readonly (readonly number[])[], labelCount: number, always: readonly number[]) {
    this.#width = (labelsOf.length + 31) >> 5;
    this.bits = new Int32Array(this.#width * 16);
    this.#always = always;
    this.#at = new Int32Array(labelCount + 1);
    for (const labels of labelsOf) for (const label of labels) this.#at[label + 1]!++;
    for (let label = 0; label < labelCount; label++) this.#at[label + 1]! += this.#at[label]!;
    this.#symbols = new Int32Array(this.#at[labelCount]!);
    const next = this.#at.slice();
    for (const [symbol, labels] of labelsOf.entries()) {
      for (const label of labels) this.#symbols[next[label]!++] = symbol;
    }
  }

  clear(): void {
    this.#size = 0;
  }

  /** @returns the place of a new set, or {@link NO_SET} when there are too many */
  add(): number {
    if (this.#size === MAX_SETS) return NO_SET;
    const place = this.#size++ * this.#width;
    if (place + this.#width > this.bits.length) {
      const larger = new Int32Array(this.bits.length * 2);
      larger.set(this.bits);
      this.bits = larger;
    }
    this.bits.fill(0, place, place + this.#width);
    for (const symbol of this.#always) this.#put(place, symbol);
    return place;
  }

  /** Puts the symbols that bear a label into a set. */
  putAll(place: number, label: number): void {
    for (let i = this.#at[label]!; i < this.#at[label + 1]!; i++) this.#put(place, this.#symbols[i]!);
  }

  #put(place: number, symbol: number): void {
    this.bits[place + (symbol >> 5)]! |= 1 << (symbol & 31);
  }
}
