/** Literals or states between two pauses. */
const STEP = 1000;

/**
 * All occurrences of many literals in one pass: one table load per unit, whatever the number of literals.
 * The table is dense: a row per state, a column per unit that some literal uses, column 0 for all others.
 *
 * Source: A. Aho and M. Corasick, Efficient string matching (1975)
 */
export class AhoCorasick {
  readonly #columns = new Uint16Array(65_536);
  #next = new Int32Array(0);
  readonly #width: number;
  /** Per state the literal that ends there, or -1, and the nearest shorter suffix where one ends, or 0. */
  #literal = new Int32Array(0);
  #shorter = new Int32Array(0);
  readonly #duplicates = new Map<number, number[]>();
  readonly lengths: Int32Array;

  /** Empty literals never match. */
  constructor(literals: readonly string[], isBuiltLater = false) {
    this.lengths = Int32Array.from(literals, (literal) => literal.length);
    let width = 1;
    for (const literal of literals) {
      for (let i = 0; i < literal.length; i++) {
        const unit = literal.charCodeAt(i);
        if (this.#columns[unit] === 0) this.#columns[unit] = width++;
      }
    }
    this.#width = width;
    if (!isBuiltLater) for (const _ of this.#build(literals));
  }

  /** The same in steps of well under a millisecond, so that a process can do other things between them. */
  static *inSteps(literals: readonly string[]): Generator<void, AhoCorasick> {
    const made = new AhoCorasick(literals, true);
    yield* made.#build(literals);
    return made;
  }

  *#build(literals: readonly string[]): Generator<void, void> {
    const width = this.#width;
    let most = 1;
    for (const { length } of literals) most += length;
    // As large as it can become: memory that is never written to is never taken.
    const table = new Int32Array(most * width);
    const literalAt: number[] = [-1];
    for (const [id, literal] of literals.entries()) {
      if (id % STEP === STEP - 1) yield;
      let state = 0;
      for (let i = 0; i < literal.length; i++) {
        const cell = state * width + this.#columns[literal.charCodeAt(i)]!;
        if (table[cell] === 0) {
          table[cell] = literalAt.length;
          literalAt.push(-1);
        }
        state = table[cell]!;
      }
      if (state === 0) continue;
      const first = literalAt[state]!;
      if (first === -1) literalAt[state] = id;
      else this.#duplicates.set(first, [...(this.#duplicates.get(first) ?? []), id]);
    }
    this.#literal = new Int32Array(literalAt);
    this.#shorter = new Int32Array(literalAt.length);
    this.#next = table.subarray(0, literalAt.length * width);
    yield* this.#connect();
  }

  /** Breadth first: a missing edge leads where the longest proper suffix would go. */
  *#connect(): Generator<void, void> {
    const [width, next, literal, shorter] = [this.#width, this.#next, this.#literal, this.#shorter];
    const fail = new Int32Array(literal.length);
    const queue = new Int32Array(literal.length);
    let queued = 0;
    for (let column = 1; column < width; column++) {
      const child = next[column]!;
      if (child !== 0) queue[queued++] = child;
    }
    for (let head = 0; head < queued; head++) {
      if (head % STEP === STEP - 1) yield;
      const state = queue[head]!;
      const suffix = fail[state]!;
      shorter[state] = literal[suffix] === -1 ? shorter[suffix]! : suffix;
      for (let column = 0; column < width; column++) {
        const cell = state * width + column;
        const child = next[cell]!;
        const other = next[suffix * width + column]!;
        if (child === 0) next[cell] = other;
        else {
          fail[child] = other;
          queue[queued++] = child;
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
