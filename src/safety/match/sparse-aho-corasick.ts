/** Literals or states of one step. */
const STEP = 512;

/**
 * As `AhoCorasick`, for tens of thousands of literals: edges stand in a hash table instead of dense rows, so building takes
 * a fraction of the time and memory, and a unit takes a few look-ups instead of one. Linear all the same: a state is
 * left towards the root at most as often as one was entered.
 *
 * Source: A. Aho and M. Corasick, Efficient string matching (1975)
 */
export class SparseAhoCorasick {
  readonly lengths: Int32Array;
  /** State and unit in one key, beside it the state that the edge leads to; target 0 is a free place. */
  readonly #stateKeys: Int32Array;
  readonly #unitKeys: Uint16Array;
  readonly #targets: Int32Array;
  readonly #mask: number;
  #states = 1;
  readonly #parents: Int32Array;
  readonly #units: Uint16Array;
  readonly #depths: Int32Array;
  readonly #fail: Int32Array;
  readonly #literal: Int32Array;
  readonly #shorter: Int32Array;
  readonly #same: Int32Array;
  /** The states that the root leads to, by unit. */
  readonly #first = new Int32Array(65_536);

  private constructor(literals: readonly string[]) {
    this.lengths = Int32Array.from(literals, (literal) => literal.length);
    const most = literals.reduce((sum, literal) => sum + literal.length, 1);
    let size = 16;
    while (size < most * 2) size *= 2;
    this.#mask = size - 1;
    this.#stateKeys = new Int32Array(size);
    this.#unitKeys = new Uint16Array(size);
    this.#targets = new Int32Array(size);
    this.#parents = new Int32Array(most);
    this.#units = new Uint16Array(most);
    this.#depths = new Int32Array(most);
    this.#fail = new Int32Array(most);
    this.#literal = new Int32Array(most).fill(-1);
    this.#shorter = new Int32Array(most);
    this.#same = new Int32Array(literals.length).fill(-1);
  }

  /** Builds it in small steps: whoever runs them may do something else in between. Empty literals never match. */
  static *inSteps(literals: readonly string[]): Generator<void, SparseAhoCorasick> {
    const built = new SparseAhoCorasick(literals);
    for (let id = 0; id < literals.length; id++) {
      if (id % STEP === 0) yield;
      built.#add(literals[id]!, id);
    }
    yield;
    const order = built.#byDepth();
    for (let i = 1; i < order.length; i++) {
      if (i % STEP === 0) yield;
      built.#connect(order[i]!);
    }
    return built;
  }

  /** Builds it at once. */
  static of(literals: readonly string[]): SparseAhoCorasick {
    const steps = SparseAhoCorasick.inSteps(literals);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  #add(literal: string, id: number): void {
    let state = 0;
    for (let i = 0; i < literal.length; i++) {
      const unit = literal.charCodeAt(i);
      const next = this.#edge(state, unit);
      state = next === 0 ? this.#grow(state, unit) : next;
    }
    if (state === 0) return;
    // Of equal literals the later ones hang on the earlier.
    this.#same[id] = this.#literal[state]!;
    this.#literal[state] = id;
  }

  #grow(parent: number, unit: number): number {
    const state = this.#states++;
    this.#parents[state] = parent;
    this.#units[state] = unit;
    this.#depths[state] = this.#depths[parent]! + 1;
    if (parent === 0) this.#first[unit] = state;
    else {
      let slot = slotOf(parent, unit) & this.#mask;
      while (this.#targets[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#stateKeys[slot] = parent;
      this.#unitKeys[slot] = unit;
      this.#targets[slot] = state;
    }
    return state;
  }

  /** Where an edge leads, or 0. */
  #edge(state: number, unit: number): number {
    if (state === 0) return this.#first[unit]!;
    for (let slot = slotOf(state, unit) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const target = this.#targets[slot]!;
      if (target === 0 || (this.#stateKeys[slot] === state && this.#unitKeys[slot] === unit)) return target;
    }
  }

  /** All states, those nearer to the root first. */
  #byDepth(): Int32Array {
    const deepest = this.#depths.reduce((most, depth) => Math.max(most, depth), 0);
    const places = new Int32Array(deepest + 2);
    for (let state = 0; state < this.#states; state++) places[this.#depths[state]! + 1]!++;
    for (let depth = 1; depth < places.length; depth++) places[depth]! += places[depth - 1]!;
    const order = new Int32Array(this.#states);
    for (let state = 0; state < this.#states; state++) order[places[this.#depths[state]!]!++] = state;
    return order;
  }

  #connect(state: number): void {
    const parent = this.#parents[state]!;
    const suffix = parent === 0 ? 0 : this.#step(this.#fail[parent]!, this.#units[state]!);
    this.#fail[state] = suffix;
    this.#shorter[state] = this.#literal[suffix] === -1 ? this.#shorter[suffix]! : suffix;
  }

  #step(from: number, unit: number): number {
    for (let state = from; ; state = this.#fail[state]!) {
      const next = this.#edge(state, unit);
      if (next !== 0 || state === 0) return next;
    }
  }

  /**
   * Calls `found` with the number of a literal and the place after its last unit, ends ascending, at one end the
   * longest first.
   */
  scan(units: Uint16Array, from: number, to: number, found: (literal: number, end: number) => void): void {
    let state = 0;
    for (let i = from; i < to; i++) {
      state = this.#step(state, units[i]!);
      let at = this.#literal[state] === -1 ? this.#shorter[state]! : state;
      while (at !== 0) {
        for (let id = this.#literal[at]!; id !== -1; id = this.#same[id]!) found(id, i + 1);
        at = this.#shorter[at]!;
      }
    }
  }
}

function slotOf(state: number, unit: number): number {
  const hash = Math.imul(state, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
