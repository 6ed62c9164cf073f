/** Weights are whole numbers of this part of one. */
const STEP = 32;
const PAIR_BITS = 16;
/** Pairs of columns in a row. */
const PAIRS = 8;
/** A pair of sums has room for so many weights: with one more it might overflow. */
const ROOM = 255;

/**
 * Rows of weights, one weight for each of up to sixteen columns, rounded to steps of 1/32. Most cues speak for one or two
 * columns, and many of them alike: equal rows are kept once, so that all of them are small enough to stay near.
 *
 * A row is eight numbers, each of them two columns: the sum of both, the odd one 2^16 times, so that two columns are added
 * as one number.
 */
export class WeightRows {
  readonly #width: number;
  #rows = new Int32Array(PAIRS << 10);
  size = 0;
  /** Numbers of rows plus one by what they hold; 0 is a free place. */
  #places = new Int32Array(1 << 11);
  readonly #open = new Int32Array(PAIRS);
  readonly #counted: Int32Array;

  constructor(width: number) {
    this.#width = width;
    this.#counted = new Int32Array(PAIRS * 2);
  }

  /** Adds a weight to the row that is being gathered. */
  put(column: number, weight: number): void {
    const steps = Math.max(-128, Math.min(127, Math.round(weight * STEP)));
    const pair = column >> 1;
    this.#open[pair] = (this.#open[pair]! + (column % 2 === 0 ? steps : steps << PAIR_BITS)) | 0;
  }

  /** The number of the row that was gathered; the next one is empty. */
  close(): number {
    const place = this.#placeOfOpen();
    let row = this.#places[place]! - 1;
    if (row === -1) {
      row = this.size++;
      if (this.size * PAIRS > this.#rows.length) this.#rows = enlarged(this.#rows);
      this.#rows.set(this.#open, row * PAIRS);
      this.#places[place] = row + 1;
      if (this.size * 2 > this.#places.length) this.#rehash();
    }
    this.#open.fill(0);
    return row;
  }

  weightOf(row: number, column: number): number {
    return halfOf(this.#rows[row * PAIRS + (column >> 1)]!, column) / STEP;
  }

  /** The sums of some rows by column, in `sums`. */
  sum(wanted: Int32Array, count: number, sums: Float64Array): void {
    this.#counted.fill(0);
    for (let from = 0; from < count; from += ROOM) this.#add(wanted, from, Math.min(count, from + ROOM));
    for (let column = 0; column < this.#width; column++) sums[column] = this.#counted[column]! / STEP;
  }

  /** Columns in variables instead of an array: no sum waits until the one before it is written. */
  #add(wanted: Int32Array, from: number, to: number): void {
    const rows = this.#rows;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let e = 0;
    let f = 0;
    let g = 0;
    let h = 0;
    for (let i = from; i < to; i++) {
      const at = wanted[i]! * PAIRS;
      a = (a + rows[at]!) | 0;
      b = (b + rows[at + 1]!) | 0;
      c = (c + rows[at + 2]!) | 0;
      d = (d + rows[at + 3]!) | 0;
      e = (e + rows[at + 4]!) | 0;
      f = (f + rows[at + 5]!) | 0;
      g = (g + rows[at + 6]!) | 0;
      h = (h + rows[at + 7]!) | 0;
    }
    this.#count(0, a);
    this.#count(2, b);
    this.#count(4, c);
    this.#count(6, d);
    this.#count(8, e);
    this.#count(10, f);
    this.#count(12, g);
    this.#count(14, h);
  }

  #count(column: number, pair: number): void {
    this.#counted[column]! += halfOf(pair, 0);
    this.#counted[column + 1]! += halfOf(pair, 1);
  }

  #placeOfOpen(): number {
    const mask = this.#places.length - 1;
    let place = hashOf(this.#open, 0) & mask;
    for (let next = this.#places[place]!; next !== 0; next = this.#places[place]!) {
      if (this.#isOpen(next - 1)) break;
      place = (place + 1) & mask;
    }
    return place;
  }

  #isOpen(row: number): boolean {
    for (let i = 0; i < PAIRS; i++) if (this.#rows[row * PAIRS + i] !== this.#open[i]) return false;
    return true;
  }

  #rehash(): void {
    this.#places = new Int32Array(this.#places.length * 2);
    const mask = this.#places.length - 1;
    for (let row = 0; row < this.size; row++) {
      let place = hashOf(this.#rows, row * PAIRS) & mask;
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = row + 1;
    }
  }
}

/** What a pair holds for a column. */
function halfOf(pair: number, column: number): number {
  const even = (pair << PAIR_BITS) >> PAIR_BITS;
  return column % 2 === 0 ? even : (pair - even) >> PAIR_BITS;
}

function hashOf(row: Int32Array, from: number): number {
  let hash = 0;
  for (let i = from; i < from + PAIRS; i++) hash = Math.imul(hash ^ row[i]!, 0x5bd1e995) ^ (hash >>> 13);
  return hash ^ (hash >>> 16);
}

function enlarged(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
