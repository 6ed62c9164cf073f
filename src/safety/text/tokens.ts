import { UNIT, type FoldedText } from './fold.ts';

/** What is peculiar about the spelling of a token. */
export const SPELLING = {
  /** Letters mixed with digits or symbols that may stand for letters. */
  leet: 1,
  /** A letter at least three times in a row. */
  repeats: 2,
  /** Only digits. */
  number: 4,
  /** Letters that were replaced, or invisible characters inside. */
  changed: 8,
  /** Wholly in the letters of another script. */
  otherScript: 16,
} as const;

const KIND = { space: 0, letter: 1, digit: 2, apostrophe: 3, symbol: 4, clauseEnd: 5, stop: 6 } as const;
const KINDS = kindTable();
/** `!` ends a sentence unless it stands inside a word; these others only ever stand for letters. */
const EXCLAMATION = 0x21;
const DOT = 0x2e;
const LINE_FEED = 10;
const QUOTE = 0x22;

/** One entry per token. */
export interface TokenColumns {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly hashes: Int32Array;
  readonly spellings: Uint8Array;
  readonly clauses: Int32Array;
  readonly sentences: Int32Array;
  readonly quoted: Uint8Array;
}

/**
 * The words of a folded text. Columns of numbers instead of objects: one instance serves many texts.
 * Apostrophes are dropped, so that "don't" and "dont" are one word.
 *
 * Source: spec, safety 2, step 7
 */
export class Tokens {
  count = 0;
  /** First unit and the unit after the last, in the folded text. */
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  /** Where the letters are in `letters`. */
  offsets = new Int32Array(256);
  lengths = new Int32Array(256);
  hashes = new Int32Array(256);
  spellings = new Uint8Array(256);
  /** Rise by one at each end of a clause or sentence. */
  clauses = new Int32Array(256);
  sentences = new Int32Array(256);
  /** 1 between quotation marks. */
  quoted = new Uint8Array(256);
  letters = new Uint16Array(1024);
  letterCount = 0;
  /** Whether three tokens of one letter stand in a row. */
  hasSpelledOut = false;
  hasQuotes = false;

  split(text: FoldedText): void {
    const { units, length } = text;
    this.count = 0;
    this.letterCount = 0;
    this.hasSpelledOut = false;
    this.hasQuotes = false;
    if (this.letters.length < length) this.letters = new Uint16Array(Math.ceil(length * 1.25));
    let clause = 0;
    let sentence = 0;
    let quote = 0;
    let singles = 0;
    for (let i = 0; i < length;) {
      const c = units[i]!;
      const kind = c < 128 ? KINDS[c]! : KIND.letter;
      if (
        kind === KIND.letter ||
        kind === KIND.digit ||
        (kind === KIND.symbol && isWordUnit(units, i + 1, length))
      ) {
        if (this.count === this.starts.length) this.#grow();
        const n = this.count;
        i = this.#word(text, i);
        this.clauses[n] = clause;
        this.sentences[n] = sentence;
        this.quoted[n] = quote;
        singles = this.lengths[n] === 1 ? singles + 1 : 0;
        if (singles >= 3) this.hasSpelledOut = true;
        continue;
      }
      if (kind === KIND.clauseEnd) {
        clause++;
        if (c === QUOTE) {
          quote ^= 1;
          this.hasQuotes = true;
        }
      } else if (kind === KIND.stop || c === EXCLAMATION) {
        if (endsSentence(units, i, length)) {
          sentence++;
          clause++;
        } else if (c === LINE_FEED || (c === DOT && units[i + 1] === DOT)) clause++;
      }
      i++;
    }
  }

  #word(text: FoldedText, from: number): number {
    const { units, length } = text;
    const offset = this.letterCount;
    const { letters } = this;
    let at = offset;
    let hash = 0;
    let letterKinds = 0;
    let last = -1;
    let run = 0;
    let spelling = 0;
    let i = from;
    for (; i < length; i++) {
      const c = units[i]!;
      const kind = c < 128 ? KINDS[c]! : KIND.letter;
      if (kind === KIND.apostrophe || kind === KIND.symbol) {
        if (!isWordUnit(units, i + 1, length)) {
          // "k**l": symbols in a row are part of the word when letters follow.
          if (kind !== KIND.symbol || units[i + 1] !== c || !isWordUnit(units, i + 2, length)) break;
        }
        if (kind === KIND.apostrophe) continue;
      } else if (kind !== KIND.letter && kind !== KIND.digit) break;
      letterKinds |= 1 << kind;
      run = c === last ? run + 1 : 1;
      if (run === 3) spelling |= SPELLING.repeats;
      last = c;
      letters[at++] = c;
      hash = (Math.imul(hash, 31) + c) | 0;
    }
    if (letterKinds === 1 << KIND.digit) spelling = SPELLING.number;
    else if (letterKinds !== 1 << KIND.letter) spelling |= SPELLING.leet;
    if (!text.isAscii) spelling |= spellingOfMarks(text, from, i);
    const n = this.count++;
    this.starts[n] = from;
    this.ends[n] = i;
    this.offsets[n] = offset;
    this.lengths[n] = at - offset;
    this.hashes[n] = hash;
    this.spellings[n] = spelling;
    this.letterCount = at;
    return i;
  }

  /** The letters of a token as a string. */
  word(token: number): string {
    const offset = this.offsets[token]!;
    return String.fromCharCode(
      ...this.letters.subarray(offset, offset + Math.min(this.lengths[token]!, 256)),
    );
  }

  /** The columns as they are now, for a rebuilding. */
  copy(): TokenColumns {
    const { count } = this;
    return {
      count,
      starts: this.starts.slice(0, count),
      ends: this.ends.slice(0, count),
      offsets: this.offsets.slice(0, count),
      lengths: this.lengths.slice(0, count),
      hashes: this.hashes.slice(0, count),
      spellings: this.spellings.slice(0, count),
      clauses: this.clauses.slice(0, count),
      sentences: this.sentences.slice(0, count),
      quoted: this.quoted.slice(0, count),
    };
  }

  /** Adds a token of a copy as it was. */
  take(old: TokenColumns, token: number): void {
    if (this.count === this.starts.length) this.#grow();
    const n = this.count++;
    this.starts[n] = old.starts[token]!;
    this.ends[n] = old.ends[token]!;
    this.offsets[n] = old.offsets[token]!;
    this.lengths[n] = old.lengths[token]!;
    this.hashes[n] = old.hashes[token]!;
    this.spellings[n] = old.spellings[token]!;
    this.clauses[n] = old.clauses[token]!;
    this.sentences[n] = old.sentences[token]!;
    this.quoted[n] = old.quoted[token]!;
  }

  /** Adds a word that was found in the tokens `first` to `last` of a copy, in their place. */
  put(old: TokenColumns, first: number, last: number, word: string): void {
    this.take(old, first);
    const n = this.count - 1;
    this.ends[n] = old.ends[last]!;
    if (this.letterCount + word.length > this.letters.length) {
      const larger = new Uint16Array((this.letters.length + word.length) * 2);
      larger.set(this.letters);
      this.letters = larger;
    }
    let hash = 0;
    this.offsets[n] = this.letterCount;
    for (let i = 0; i < word.length; i++) {
      const c = word.charCodeAt(i);
      this.letters[this.letterCount++] = c;
      hash = (Math.imul(hash, 31) + c) | 0;
    }
    this.lengths[n] = word.length;
    this.hashes[n] = hash;
    this.spellings[n] = SPELLING.changed;
  }

  #grow(): void {
    const size = this.starts.length * 2;
    for (const column of [
      'starts',
      'ends',
      'offsets',
      'lengths',
      'hashes',
      'clauses',
      'sentences',
    ] as const) {
      const larger = new Int32Array(size);
      larger.set(this[column]);
      this[column] = larger;
    }
    for (const column of ['spellings', 'quoted'] as const) {
      const larger = new Uint8Array(size);
      larger.set(this[column]);
      this[column] = larger;
    }
  }
}

function isWordUnit(units: Uint16Array, i: number, length: number): boolean {
  if (i >= length) return false;
  const c = units[i]!;
  const kind = c < 128 ? KINDS[c]! : KIND.letter;
  return kind === KIND.letter || kind === KIND.digit;
}

/** A dot between letters, as in "k.i.l.l", and one of several ends no sentence, and neither does a single line. */
function endsSentence(units: Uint16Array, i: number, length: number): boolean {
  const c = units[i]!;
  if (c === LINE_FEED) return i + 1 < length && units[i + 1] === LINE_FEED;
  if (c !== DOT) return true;
  if (i > 0 && units[i - 1] === DOT) return false;
  const next = i + 1 < length ? units[i + 1]! : LINE_FEED;
  return next === 0x20 || next === LINE_FEED || next === 13 || next === 9 || next === QUOTE;
}

function spellingOfMarks({ marks, units, foreignLetters }: FoldedText, from: number, to: number): number {
  let spelling = 0;
  let script = 0;
  for (let i = from; i < to; i++) {
    if (marks[i] !== UNIT.plain && i > from) spelling |= SPELLING.changed;
    if (marks[i] === UNIT.changed) spelling |= SPELLING.changed;
    if (marks[i] === UNIT.scriptLetter || units[i]! >= 128) script++;
  }
  if (script > 0) spelling |= SPELLING.changed;
  return script === to - from && foreignLetters > 0 ? spelling | SPELLING.otherScript : spelling;
}

function kindTable(): Uint8Array {
  const kinds = new Uint8Array(128);
  for (let c = 0x61; c <= 0x7a; c++) kinds[c] = KIND.letter;
  for (let c = 0x30; c <= 0x39; c++) kinds[c] = KIND.digit;
  const put = (characters: string, kind: number): void => {
    for (const character of characters) kinds[character.charCodeAt(0)] = kind;
  };
  put("'`", KIND.apostrophe);
  put('@$!|+*', KIND.symbol);
  put(',;:()"[]{}', KIND.clauseEnd);
  put('.?\n', KIND.stop);
  return kinds;
}
