/** One change may make a word of 4 to 7 letters, two a longer one. */
const SHORTEST = 4;
const LONG = 8;
const LONGEST = 16;
/** Two letters more may have been typed. */
const LONGEST_TYPED = LONGEST + 2;
const REORDERED = 100;
const BASE = 0x01000193;

/**
 * Finds the word that a misspelling was meant to be: at most one or two letters left out, added, exchanged or
 * swapped. Words and misspellings meet in what remains of both when letters are deleted, so that a look-up takes as
 * long with a thousand words as with ten.
 *
 * Source: spec, safety 2, step 8; the idea is symmetric deletion
 */
export class TypoIndex {
  readonly #byRemainder = new Map<string, string[]>();
  /** Hashes of the remainders, never 0, which is a free place. Nearly no other word shares one. */
  #hashes = new Int32Array(1 << 10);
  #count = 0;
  readonly #powers = new Int32Array(LONGEST_TYPED + 1);
  readonly #prefix = new Int32Array(LONGEST_TYPED + 1);
  readonly #suffix = new Int32Array(LONGEST_TYPED + 1);

  readonly #typed = new Uint16Array(LONGEST_TYPED);

  constructor(words: Iterable<string>) {
    this.#powers[0] = 1;
    for (let i = 1; i <= LONGEST_TYPED; i++) this.#powers[i] = Math.imul(this.#powers[i - 1]!, BASE);
    for (const word of new Set(words)) {
      if (word.length < SHORTEST || word.length > LONGEST) continue;
      for (const remainder of remaindersOf(word, depthOf(word.length))) {
        const same = this.#byRemainder.get(remainder);
        if (same === undefined) this.#byRemainder.set(remainder, [word]);
        else same.push(word);
        let hash = 0;
        for (let i = 0; i < remainder.length; i++)
          hash = (Math.imul(hash, BASE) + remainder.charCodeAt(i)) | 0;
        this.#add(hash || 1);
      }
    }
  }

  /** Cheap and allocates nothing: false when no word is near. */
  mayHave(letters: Uint16Array, offset: number, length: number): boolean {
    return length <= LONGEST && this.#isNear(letters, offset, length);
  }

  #isNear(letters: Uint16Array, offset: number, length: number): boolean {
    if (length < SHORTEST - 1 || length > LONGEST_TYPED) return false;
    const prefix = this.#prefix;
    const suffix = this.#suffix;
    const powers = this.#powers;
    for (let i = 0; i < length; i++) prefix[i + 1] = (Math.imul(prefix[i]!, BASE) + letters[offset + i]!) | 0;
    suffix[length] = 0;
    for (let i = length - 1; i >= 0; i--) {
      suffix[i] = (Math.imul(letters[offset + i]!, powers[length - 1 - i]!) + suffix[i + 1]!) | 0;
    }
    if (this.#has(prefix[length]!)) return true;
    for (let i = 0; i < length; i++) {
      const rest = length - 1 - i;
      if (this.#has((Math.imul(prefix[i]!, powers[rest]!) + suffix[i + 1]!) | 0)) return true;
      if (length < LONG - 1) continue;
      let middle = prefix[i]!;
      for (let j = i + 1; j < length; j++) {
        // Without the letters i and j: `middle` holds all before j but i.
        const tail = length - 1 - j;
        if (this.#has((Math.imul(middle, powers[tail]!) + suffix[j + 1]!) | 0)) return true;
        middle = (Math.imul(middle, BASE) + letters[offset + j]!) | 0;
      }
    }
    return false;
  }

  /** The nearest word, or null; of several the one whose letters agree longest from the front. */
  find(typed: string): string | null {
    if (typed.length > LONGEST_TYPED) return null;
    for (let i = 0; i < typed.length; i++) this.#typed[i] = typed.charCodeAt(i);
    if (!this.#isNear(this.#typed, 0, typed.length)) return null;
    let best: string | null = null;
    let bestDistance = 99;
    let bestShared = -1;
    for (const remainder of remaindersOf(typed, typed.length >= LONG - 1 ? 2 : 1)) {
      for (const word of this.#byRemainder.get(remainder) ?? []) {
        const distance = editDistance(typed, word);
        if (distance > depthOf(word.length)) continue;
        if (distance === 2 && typed[0] !== word[0]) continue;
        const shared = sharedLetters(typed, word) + (isReordered(typed, word) ? REORDERED : 0);
        if (distance > bestDistance || (distance === bestDistance && shared <= bestShared)) continue;
        [best, bestDistance, bestShared] = [word, distance, shared];
      }
    }
    return best;
  }

  #has(hash: number): boolean {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    const wanted = hash || 1;
    for (let slot = spread(wanted) & mask; ; slot = (slot + 1) & mask) {
      if (hashes[slot] === wanted) return true;
      if (hashes[slot] === 0) return false;
    }
  }

  #add(hash: number): void {
    if (this.#count * 4 > this.#hashes.length) {
      const old = this.#hashes;
      this.#hashes = new Int32Array(old.length * 2);
      this.#count = 0;
      for (const other of old) if (other !== 0) this.#add(other);
    }
    const mask = this.#hashes.length - 1;
    let slot = spread(hash) & mask;
    while (this.#hashes[slot] !== 0) {
      if (this.#hashes[slot] === hash) return;
      slot = (slot + 1) & mask;
    }
    this.#hashes[slot] = hash;
    this.#count++;
  }
}

function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 7;
}

function depthOf(length: number): number {
  return length >= LONG ? 2 : 1;
}

/** Letters in the wrong order are likelier than wrong letters. */
function isReordered(a: string, b: string): boolean {
  return a.length === b.length && Array.from(a).sort().join('') === Array.from(b).sort().join('');
}

/** Letters that agree from the front and from the back. */
function sharedLetters(a: string, b: string): number {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  for (let i = 1; i <= Math.min(a.length, b.length) && a.at(-i) === b.at(-i); i++) shared++;
  return shared;
}

function remaindersOf(word: string, depth: number): Set<string> {
  const found = new Set([word]);
  let layer = [word];
  for (let i = 0; i < depth; i++) {
    const next: string[] = [];
    for (const longer of layer) {
      for (let at = 0; at < longer.length; at++) {
        const shorter = longer.slice(0, at) + longer.slice(at + 1);
        if (found.has(shorter)) continue;
        found.add(shorter);
        next.push(shorter);
      }
    }
    layer = next;
  }
  return found;
}

/** Damerau and Levenshtein, letters next to each other swapped at most once. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      row.push(least);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}
