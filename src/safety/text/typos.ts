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
  readonly #words: readonly string[];
  /** Hashes of the remainders, never 0, which is a free place, and the first entry of each plus one side by side. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Words that leave a remainder of one hash, in their order. Nearly no other remainder shares the hash. */
  readonly #entryWords: Int32Array;
  readonly #entryNext: Int32Array;
  #entries = 0;
  readonly #powers = new Int32Array(LONGEST_TYPED + 1);
  readonly #prefix = new Int32Array(LONGEST_TYPED + 1);
  readonly #suffix = new Int32Array(LONGEST_TYPED + 1);

  readonly #typed = new Uint16Array(LONGEST_TYPED);

  constructor(words: Iterable<string>) {
    this.#powers[0] = 1;
    for (let i = 1; i <= LONGEST_TYPED; i++) this.#powers[i] = Math.imul(this.#powers[i - 1]!, BASE);
    this.#words = [...new Set(words)].filter(({ length }) => length >= SHORTEST && length <= LONGEST);
    const most = this.#words.reduce((sum, { length }) => sum + remaindersAtMost(length), 0);
    this.#entryWords = new Int32Array(most);
    this.#entryNext = new Int32Array(most);
    let size = 1 << 10;
    while (size < most * 2) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Int32Array(size * 2);
    // Entries of a hash are put in front of each other, so that the first word comes last.
    for (let id = this.#words.length - 1; id >= 0; id--) {
      const word = this.#words[id]!;
      for (let i = 0; i < word.length; i++) this.#typed[i] = word.charCodeAt(i);
      this.#hashEnds(this.#typed, 0, word.length);
      this.#someRemainder(this.#typed, 0, word.length, depthOf(word.length), (hash) => this.#add(hash, id));
    }
  }

  /** Cheap and allocates nothing: false when no word is near. */
  mayHave(letters: Uint16Array, offset: number, length: number): boolean {
    return length <= LONGEST && this.#isNear(letters, offset, length);
  }

  #isNear(letters: Uint16Array, offset: number, length: number): boolean {
    if (length < SHORTEST - 1 || length > LONGEST_TYPED) return false;
    this.#hashEnds(letters, offset, length);
    return this.#someRemainder(letters, offset, length, length >= LONG - 1 ? 2 : 1, this.#isKnown);
  }

  /** Hashes of what stands before each letter, and from it on. */
  #hashEnds(letters: Uint16Array, offset: number, length: number): void {
    const prefix = this.#prefix;
    const suffix = this.#suffix;
    for (let i = 0; i < length; i++) prefix[i + 1] = (Math.imul(prefix[i]!, BASE) + letters[offset + i]!) | 0;
    suffix[length] = 0;
    for (let i = length - 1; i >= 0; i--) {
      suffix[i] = (Math.imul(letters[offset + i]!, this.#powers[length - 1 - i]!) + suffix[i + 1]!) | 0;
    }
  }

  /** Whether what is left of a word is wanted, by its hash, when up to `depth` letters are left out. */
  #someRemainder(
    letters: Uint16Array,
    offset: number,
    length: number,
    depth: number,
    isWanted: (hash: number) => boolean,
  ): boolean {
    const prefix = this.#prefix;
    const suffix = this.#suffix;
    const powers = this.#powers;
    if (isWanted(prefix[length]!)) return true;
    for (let i = 0; i < length; i++) {
      const rest = length - 1 - i;
      if (isWanted((Math.imul(prefix[i]!, powers[rest]!) + suffix[i + 1]!) | 0)) return true;
      if (depth < 2) continue;
      let middle = prefix[i]!;
      for (let j = i + 1; j < length; j++) {
        // Without the letters i and j: `middle` holds all before j but i.
        const tail = length - 1 - j;
        if (isWanted((Math.imul(middle, powers[tail]!) + suffix[j + 1]!) | 0)) return true;
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
      for (
        let entry = this.#firstEntry(hashOf(remainder));
        entry !== -1;
        entry = this.#entryNext[entry]! - 1
      ) {
        const word = this.#words[this.#entryWords[entry]!]!;
        if (!isLeftOf(remainder, word)) continue;
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

  readonly #isKnown = (hash: number): boolean => this.#firstEntry(hash) !== -1;

  #firstEntry(hash: number): number {
    return this.#slots[this.#slotOf(hash || 1) * 2 + 1]! - 1;
  }

  /** Where a hash is, or would be. */
  #slotOf(hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = spread(hash) & mask;
    while (slots[slot * 2] !== hash && slots[slot * 2] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** @returns false: there are more to come */
  #add(hash: number, word: number): boolean {
    const slot = this.#slotOf(hash || 1);
    const next = this.#slots[slot * 2 + 1]!;
    // Letters that stand twice leave the same whichever of them is left out.
    if (next !== 0 && this.#entryWords[next - 1] === word) return false;
    this.#slots[slot * 2] = hash || 1;
    this.#entryWords[this.#entries] = word;
    this.#entryNext[this.#entries++] = next;
    this.#slots[slot * 2 + 1] = this.#entries;
    return false;
  }
}

function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 7;
}

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, BASE) + word.charCodeAt(i)) | 0;
  return hash;
}

/** Whether a text is what a word leaves when letters are left out, no more of them than may be missing. */
function isLeftOf(remainder: string, word: string): boolean {
  if (word.length - remainder.length > depthOf(word.length)) return false;
  let at = 0;
  for (let i = 0; i < word.length && at < remainder.length; i++) if (word[i] === remainder[at]) at++;
  return at === remainder.length;
}

function remaindersAtMost(length: number): number {
  return 1 + length + (depthOf(length) === 2 ? (length * (length - 1)) / 2 : 0);
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
