/**
 * All occurrences of many literals in one pass: one table load per unit, whatever the number of literals.
 * The table is dense: a row per state, a column per unit that some literal uses, column 0 for all others.
 *
 * Source: A. Aho and M. Corasick, Efficient string matching (1975)
 */
export class AhoCorasick {
  readonly #columns = new Uint16Array(65_536);
  readonly #next: Int32Array;
  readonly #width: number;
  /** Per state the literal that ends there, or -1, and the nearest shorter suffix where one ends, or 0. */
  readonly #literal: Int32Array;
  readonly #shorter: Int32Array;
  readonly #duplicates = new Map<number, number[]>();
  readonly lengths: Int32Array;

  /** Empty literals never match. */
  constructor(literals: readonly string[]) {
    this.lengths = Int32Array.from(literals, (literal) => literal.length);
    let width = 1;
    let most = 1;
    for (const literal of literals) {
      most += literal.length;
      for (let i = 0; i < literal.length; i++) {
        const unit = literal.charCodeAt(i);
        if (this.#columns[unit] === 0) this.#columns[unit] = width++;
      }
    }
    this.#width = width;
    let table = new Int32Array(Math.min(most, 1024) * width);
    const literalAt: number[] = [-1];
    for (const [id, literal] of literals.entries()) {
      let state = 0;
      for (let i = 0; i < literal.length; i++) {
        const cell = state * width + this.#columns[literal.charCodeAt(i)]!;
        if (table[cell] === 0) {
          table[cell] = literalAt.length;
          literalAt.push(-1);
          if (literalAt.length * width > table.length) table = enlarged(table, width);
        }
        state = table[cell]!;
      }
      if (state === 0) continue;
      const first = literalAt[state]!;
      if (first === -1) literalAt[state] = id;
      else this.#duplicates.set(first, [...(this.#duplicates.get(first) ?? []), id]);
    }
    this.#literal = Int32Array.from(literalAt);
    this.#shorter = new Int32Array(literalAt.length);
    this.#next = table.slice(0, literalAt.length * width);
    this.#connect();
  }

  /** Breadth first: a missing edge leads where the longest proper suffix would go. */
  #connect(): void {
    const fail = new Int32Array(this.#literal.length);
    const queue: number[] = [];
    for (let column = 1; column < this.#width; column++) {
      const child = this.#next[column]!;
      if (child !== 0) queue.push(child);
    }
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head]!;
      const suffix = fail[state]!;
      this.#shorter[state] = this.#literal[suffix] === -1 ? this.#shorter[suffix]! : suffix;
      for (let column = 0; column < this.#width; column++) {
        const cell = state * this.#width + column;
        const child = this.#next[cell]!;
        const other = this.#next[suffix * this.#width + column]!;
        if (child === 0) this.#next[cell] = other;
        else {
          fail[child] = other;
          queue.push(child);
        }
      }
    }
  }

  get states(): number {
    return this.#literal.length;
  }

  /**
   * Calls `found` with the number of a literal and the place after its last unit, ends ascending, at one end the
   * longest first.
   */
  scan(units: Uint16Array, from: number, to: number, found: (literal: number, end: number) => void): void {
    let state = 0;
    for (let i = from; i < to; i++) {
      state = this.#next[state * this.#width + this.#columns[units[i]!]!]!;
      let at = this.#literal[state] === -1 ? this.#shorter[state]! : state;
      while (at !== 0) {
        const literal = this.#literal[at]!;
        found(literal, i + 1);
        const same = this.#duplicates.get(literal);
        if (same !== undefined) for (const other of same) found(other, i + 1);
        at = this.#shorter[at]!;
      }
    }
  }
}

function enlarged(table: Int32Array, width: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(table.length + Math.ceil(table.length / width) * width);
  larger.set(table);
  return larger;
}
