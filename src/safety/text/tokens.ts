import { codeOf, LONGEST_CODED, nextHigh, nextLow, UNCODED } from '../match/word-code.ts';
import { hashOfLetters } from '../match/word-table.ts';
import type { FoldedText } from './fold.ts';
import { SPELLING, spellingOfMarks } from './spelling.ts';
import {
  DOT,
  endsSentence,
  EXCLAMATION,
  goesOn,
  isWordUnit,
  KIND,
  KINDS,
  LETTERS,
  LINE_FEED,
  QUOTE,
} from './unit-kinds.ts';

const LONGEST_STRING = 256;
const STRINGS = 1024;

/** One entry per token. */
export interface TokenColumns {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly lows: Int32Array;
  readonly highs: Int32Array;
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
  /** The code of the word, {@link UNCODED} where it has none. */
  lows = new Int32Array(256);
  highs = new Int32Array(256);
  spellings = new Uint8Array(256);
  /** Rise by one at each end of a clause or sentence. */
  clauses = new Int32Array(256);
  sentences = new Int32Array(256);
  /** 1 between quotation marks. */
  quoted = new Uint8Array(256);
  /** The units of the text, and behind them the letters of words that do not stand there as they are read. */
  letters: Uint16Array = new Uint16Array(0);
  letterCount = 0;
  /** Whether three tokens of one letter stand in a row. */
  hasSpelledOut = false;
  hasQuotes = false;
  /** Words that were asked for as strings lately. */
  readonly #strings: string[] = Array.from({ length: STRINGS }, () => '');

  split(text: FoldedText): void {
    const { units, length, isAscii } = text;
    this.letters = units;
    this.letterCount = length + 1;
    this.hasSpelledOut = false;
    this.hasQuotes = false;
    // Two words have something between them.
    this.#reserve((length >> 1) + 1);
    const { starts, ends, offsets, lengths, lows, highs, spellings, clauses, sentences, quoted } = this;
    let count = 0;
    let clause = 0;
    let sentence = 0;
    let quote = 0;
    let singles = 0;
    for (let i = 0; i < length;) {
      const first = units[i]!;
      let kind = KINDS[first]!;
      if (kind === KIND.space || kind === KIND.apostrophe) {
        i++;
        continue;
      }
      if (kind >= KIND.clauseEnd || (kind === KIND.symbol && !isWordUnit(units, i + 1))) {
        if (kind === KIND.clauseEnd) {
          clause++;
          if (first === QUOTE) {
            quote ^= 1;
            this.hasQuotes = true;
          }
        } else if (kind === KIND.stop || first === EXCLAMATION) {
          if (endsSentence(units, i, length)) {
            sentence++;
            clause++;
          } else if (first === LINE_FEED || (first === DOT && units[i + 1] === DOT)) clause++;
        }
        i++;
        continue;
      }
      const from = i;
      let low = UNCODED;
      let high = 0;
      for (let c = first; kind === KIND.letter; kind = KINDS[c]!) {
        high = nextHigh(high, low);
        low = nextLow(low, c);
        c = units[++i]!;
      }
      starts[count] = from;
      offsets[count] = from;
      lengths[count] = i - from;
      lows[count] = i - from > LONGEST_CODED ? UNCODED : low;
      highs[count] = high;
      spellings[count] = 0;
      // Nearly all words are nothing but letters from a to z, and stand in the text as they are read.
      if (goesOn(units, i, kind)) i = this.#splitOdd(units, from, count);
      if (!isAscii) spellings[count]! |= spellingOfMarks(text, from, i);
      ends[count] = i;
      clauses[count] = clause;
      sentences[count] = sentence;
      quoted[count] = quote;
      singles = lengths[count] === 1 ? singles + 1 : 0;
      if (singles === 3) this.hasSpelledOut = true;
      count++;
    }
    this.count = count;
  }

  /** A word with other letters, digits, symbols, or apostrophes, which are left out. @returns the unit behind it */
  #splitOdd(units: Uint16Array, from: number, token: number): number {
    const offset = this.letterCount;
    let at = offset;
    let low = UNCODED;
    let high = 0;
    let kinds = 0;
    let i = from;
    for (
      let kind = KINDS[units[i]!]!;
      kind === KIND.letter || goesOn(units, i, kind);
      kind = KINDS[units[i]!]!
    ) {
      const c = units[i++]!;
      if (kind === KIND.apostrophe) continue;
      kinds |= 1 << kind;
      units[at++] = c;
      high = nextHigh(high, low);
      low = nextLow(low, c);
    }
    this.letterCount = at;
    this.offsets[token] = offset;
    this.lengths[token] = at - offset;
    this.lows[token] = kinds === 1 << KIND.letter && at - offset <= LONGEST_CODED ? low : UNCODED;
    this.highs[token] = high;
    if (kinds === 1 << KIND.digit) this.spellings[token] = SPELLING.number;
    else if ((kinds & ~LETTERS) !== 0) this.spellings[token] = SPELLING.leet;
    return i;
  }

  /** One or more of {@link SPELLING}, all of them. */
  spellingOf(token: number): number {
    const spelling = this.spellings[token]!;
    if ((spelling & SPELLING.number) !== 0) return spelling;
    const last = this.offsets[token]! + this.lengths[token]! - 1;
    const { letters } = this;
    for (let i = this.offsets[token]! + 2; i <= last; i++) {
      if (letters[i] === letters[i - 1] && letters[i] === letters[i - 2]) return spelling | SPELLING.repeats;
    }
    return spelling;
  }

  /** The letters of a token as a string, up to 256 of them. */
  word(token: number): string {
    const offset = this.offsets[token]!;
    const length = Math.min(this.lengths[token]!, LONGEST_STRING);
    const slot = hashOfLetters(this.letters, offset, length) & (STRINGS - 1);
    const known = this.#strings[slot]!;
    if (isSpelled(known, this.letters, offset, length)) return known;
    const word = String.fromCharCode(...this.letters.subarray(offset, offset + length));
    this.#strings[slot] = word;
    return word;
  }

  /** Of all its letters. */
  hashOf(token: number): number {
    return hashOfLetters(this.letters, this.offsets[token]!, this.lengths[token]!);
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
      lows: this.lows.slice(0, count),
      highs: this.highs.slice(0, count),
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
    this.lows[n] = old.lows[token]!;
    this.highs[n] = old.highs[token]!;
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
    this.spell(n, word);
  }

  /** Gives a token other letters than those that stand in the text. */
  spell(token: number, word: string): void {
    if (this.letterCount + word.length > this.letters.length) {
      const larger = new Uint16Array((this.letters.length + word.length) * 2);
      larger.set(this.letters);
      this.letters = larger;
    }
    this.offsets[token] = this.letterCount;
    this.lengths[token] = word.length;
    const { low, high } = codeOf(word);
    this.lows[token] = low;
    this.highs[token] = high;
    this.spellings[token] = SPELLING.changed;
    for (let i = 0; i < word.length; i++) this.letters[this.letterCount++] = word.charCodeAt(i);
  }

  #grow(): void {
    this.#reserve(this.count + 1);
  }

  #reserve(tokens: number): void {
    if (this.starts.length >= tokens) return;
    const size = Math.ceil(tokens * 1.5);
    for (const column of [
      'starts',
      'ends',
      'offsets',
      'lengths',
      'lows',
      'highs',
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

function isSpelled(word: string, letters: Uint16Array, offset: number, length: number): boolean {
  if (word.length !== length) return false;
  for (let i = 0; i < length; i++) if (word.charCodeAt(i) !== letters[offset + i]) return false;
  return true;
}
