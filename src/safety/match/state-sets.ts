/** Beyond these all sets are forgotten and found anew: memory stays bounded for any text. */
const MAX_SETS = 60_000;
const MAX_MEMBERS = 1 << 22;
const LAST_STAMP = 0x7fff_ffff;
const NONE: readonly number[] = [];

/**
 * Numbers for sets of numbers: the same set, with the same phrases that end in it, has the same number. A set is
 * gathered with {@link begin} and {@link put}, then {@link numberOf} it is asked for. Set 0 is empty and ends nothing.
 */
export class StateSets {
  /** Members of set s, ascending, from `from[s]` up to `from[s + 1]`. */
  members = new Int32Array(1 << 14);
  from = new Int32Array(1 << 10);
  /** Phrases that end in a set. */
  ends: (readonly number[])[] = [];
  /** What was gathered. */
  readonly gathered: Int32Array;
  count = 0;
  #hashes = new Int32Array(1 << 10);
  /** Numbers of sets plus one by what they consist of; 0 is a free place. */
  #places = new Int32Array(1 << 11);
  readonly #seen: Int32Array;
  #stamp = 0;

  /** @param size  members are smaller than this */
  constructor(size: number) {
    this.#seen = new Int32Array(size);
    this.gathered = new Int32Array(size);
    this.clear();
  }

  get isFull(): boolean {
    return this.ends.length >= MAX_SETS || this.from[this.ends.length]! >= MAX_MEMBERS;
  }

  clear(): void {
    this.#places = new Int32Array(1 << 11);
    this.ends = [];
    this.begin();
    this.numberOf(NONE);
  }

  begin(): void {
    if (this.#stamp === LAST_STAMP) {
      this.#seen.fill(0);
      this.#stamp = 0;
    }
    this.#stamp++;
    this.count = 0;
  }

  put(member: number): void {
    if (this.#seen[member] === this.#stamp) return;
    this.#seen[member] = this.#stamp;
    this.gathered[this.count++] = member;
  }

  /** The number of what was gathered. */
  numberOf(ends: readonly number[]): number {
    const size = this.count;
    const set = this.gathered;
    sort(set, size);
    let hash = size;
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ set[i]!, 0x5bd1e995) ^ (hash >>> 13);
    for (let i = 0; i < ends.length; i++) hash = Math.imul(hash ^ ends[i]!, 0x01000193) + 1;
    const mask = this.#places.length - 1;
    let place = (hash ^ (hash >>> 16)) & mask;
    for (let next = this.#places[place]!; next !== 0; next = this.#places[place]!) {
      if (this.#hashes[next - 1] === hash && this.#consistsOf(next - 1, ends)) return next - 1;
      place = (place + 1) & mask;
    }
    return this.#add(ends, hash, place);
  }

  #consistsOf(number: number, ends: readonly number[]): boolean {
    const from = this.from[number]!;
    const own = this.ends[number]!;
    if (this.from[number + 1]! - from !== this.count || own.length !== ends.length) return false;
    for (let i = 0; i < this.count; i++) if (this.members[from + i] !== this.gathered[i]) return false;
    for (let i = 0; i < ends.length; i++) if (own[i] !== ends[i]) return false;
    return true;
  }

  #add(ends: readonly number[], hash: number, place: number): number {
    const number = this.ends.length;
    const from = this.from[number]!;
    const to = from + this.count;
    if (to > this.members.length) this.members = enlarged(this.members, to * 2);
    if (number + 2 > this.from.length) {
      this.from = enlarged(this.from, (number + 2) * 2);
      this.#hashes = enlarged(this.#hashes, (number + 2) * 2);
    }
    for (let i = 0; i < this.count; i++) this.members[from + i] = this.gathered[i]!;
    this.from[number + 1] = to;
    this.#hashes[number] = hash;
    this.ends.push(ends);
    this.#places[place] = number + 1;
    if (this.ends.length * 2 > this.#places.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    this.#places = new Int32Array(this.#places.length * 2);
    const mask = this.#places.length - 1;
    for (let number = 0; number < this.ends.length; number++) {
      const hash = this.#hashes[number]!;
      let place = (hash ^ (hash >>> 16)) & mask;
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = number + 1;
    }
  }
}

/** Most sets are small, and for these nothing is quicker. */
const FEW = 24;

function sort(numbers: Int32Array, size: number): void {
  if (size > FEW) {
    numbers.subarray(0, size).sort();
    return;
  }
  for (let i = 1; i < size; i++) {
    const number = numbers[i]!;
    let at = i;
    while (at > 0 && numbers[at - 1]! > number) {
      numbers[at] = numbers[at - 1]!;
      at--;
    }
    numbers[at] = number;
  }
}

function enlarged(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(old);
  return larger;
}
