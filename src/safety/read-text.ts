import type { Lexicon } from './lexicon/compile.ts';
import { NUMBER_SYMBOL, UNKNOWN_SYMBOL } from './match/phrase-automaton.ts';
import { FoldedText } from './text/fold.ts';
import { leetReadings, shortenedRuns } from './text/readings.ts';
import { divide } from './text/spelled-out.ts';
import { SPELLING, Tokens } from './text/tokens.ts';
import { WordMemory } from './text/word-memory.ts';

/** How a word was recognised, other than by its letters. */
export const READ = { exact: 0, deobfuscated: 1, fuzzy: 2 } as const;

/** Longer than any word; nobody misspells those. */
const LONGEST_WORD = 40;
/** So long that a misspelling of it is recognised without another word beside it. */
export const UNMISTAKABLE = 7;

const HOW_BITS = 2;
const HOW_MASK = 3;
const UNRESOLVED = 0;

interface Resolved {
  readonly word: number;
  readonly how: number;
}

/**
 * A text as known words: folded, divided into tokens, each token with the number of its word, misspelled and
 * disguised ones included. One instance serves many texts, one at a time.
 *
 * Source: spec, safety 2
 */
export class TextReading {
  readonly folded = new FoldedText();
  readonly tokens = new Tokens();
  /** Number of the word, or -1; by token. */
  words = new Int32Array(256);
  symbols = new Int32Array(256);
  how = new Uint8Array(256);
  /** Where the text that was read begins and ends in the original. */
  from = 0;
  to = 0;
  readonly #lexicon: Lexicon;
  readonly #resolved = new WordMemory();
  #joined = new Uint16Array(256);

  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon;
  }

  read(text: string, from = 0, to = text.length): void {
    this.from = from;
    this.to = to;
    this.folded.fold(text, from, to);
    const { tokens } = this;
    tokens.split(this.folded);
    if (tokens.hasSpelledOut) this.#joinLetters();
    if (this.words.length < tokens.count) {
      this.words = new Int32Array(tokens.count * 2);
      this.symbols = new Int32Array(tokens.count * 2);
      this.how = new Uint8Array(tokens.count * 2);
    }
    const { words, symbols } = this.#lexicon;
    for (let i = 0; i < tokens.count; i++) {
      const offset = tokens.offsets[i]!;
      const length = tokens.lengths[i]!;
      const spelling = tokens.spellings[i]!;
      let word =
        (spelling & SPELLING.otherScript) === 0
          ? words.find(tokens.letters, offset, length, tokens.hashes[i]!)
          : -1;
      let how: number = (spelling & SPELLING.changed) === 0 ? READ.exact : READ.deobfuscated;
      let symbol = UNKNOWN_SYMBOL;
      if (word === -1 && (spelling & SPELLING.otherScript) === 0) {
        if (spelling === SPELLING.number) symbol = NUMBER_SYMBOL;
        else {
          const resolved = this.#resolve(i, spelling);
          word = (resolved >> HOW_BITS) - 1;
          how |= resolved & HOW_MASK;
        }
      }
      if (word !== -1) symbol = symbols[word]!;
      this.words[i] = word;
      this.symbols[i] = symbol;
      this.how[i] = how;
    }
  }

  /** Place of the token's first unit in the original. */
  startOf(token: number): number {
    return this.folded.originalStart(this.tokens.starts[token]!, this.from);
  }

  /** Place after the token's last unit in the original. */
  endOf(token: number): number {
    return this.folded.originalEnd(this.tokens.ends[token]!, this.from);
  }

  /** Flags of the token's word; 0 when it is unknown. */
  flags(token: number): number {
    const word = this.words[token]!;
    return word === -1 ? 0 : this.#lexicon.flags[word]!;
  }

  /** Number of the word plus one, and how it was recognised, in one number. */
  #resolve(token: number, spelling: number): number {
    const { letters, offsets, lengths, hashes } = this.tokens;
    const offset = offsets[token]!;
    const length = lengths[token]!;
    const hash = hashes[token]!;
    const known = this.#resolved.find(letters, offset, length, hash);
    if (known !== -1) return known;
    let resolved = UNRESOLVED;
    const isOdd = (spelling & ~SPELLING.changed) !== 0;
    const isReadable = length <= LONGEST_WORD || (spelling & SPELLING.repeats) !== 0;
    if (isReadable && (isOdd || this.#lexicon.typos.mayHave(letters, offset, length))) {
      const { word, how } = resolveWord(this.tokens.word(token), this.#lexicon);
      resolved = ((word + 1) << HOW_BITS) | how;
    }
    this.#resolved.keep(letters, offset, length, hash, resolved);
    return resolved;
  }

  /** Puts the words that single letters spell in the place of the letters. */
  #joinLetters(): void {
    const { tokens } = this;
    let out = 0;
    for (let i = 0; i < tokens.count;) {
      let end = i;
      while (end < tokens.count && tokens.lengths[end] === 1) end++;
      if (end - i >= 3) out = this.#joinRun(i, end, out);
      else {
        end = Math.max(end, i + 1);
        for (let k = i; k < end; k++) this.#move(k, out++);
      }
      i = end;
    }
    tokens.count = out;
  }

  #joinRun(first: number, end: number, at: number): number {
    const { tokens } = this;
    const length = end - first;
    if (this.#joined.length < length) this.#joined = new Uint16Array(length * 2);
    for (let i = 0; i < length; i++)
      this.#joined[i] = readLetter(tokens.letters[tokens.offsets[first + i]!]!);
    const pieces = divide(this.#joined, length, this.#lexicon.joined);
    const isWorth = pieces.some(({ word, from, to }) => word !== -1 && to - from >= 3);
    let out = at;
    if (!isWorth) {
      for (let k = first; k < end; k++) this.#move(k, out++);
      return out;
    }
    for (const { from, to, word } of pieces) {
      const lastEnd = tokens.ends[first + to - 1]!;
      this.#move(first + from, out);
      tokens.ends[out] = lastEnd;
      if (to - from > 1) {
        // The letters of the run lie one after the other, so the piece is a stretch of them.
        tokens.lengths[out] = to - from;
        for (let i = from; i < to; i++) tokens.letters[tokens.offsets[out]! + i - from] = this.#joined[i]!;
        tokens.hashes[out] = hashOfWord(this.#lexicon.words.words[word] ?? '');
        tokens.spellings[out] = SPELLING.changed;
      }
      out++;
    }
    return out;
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    const { tokens } = this;
    for (const column of [
      tokens.starts,
      tokens.ends,
      tokens.offsets,
      tokens.lengths,
      tokens.hashes,
      tokens.clauses,
      tokens.sentences,
      tokens.spellings,
      tokens.quoted,
    ]) {
      column[to] = column[from]!;
    }
  }
}

function hashOfWord(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0;
  return hash;
}

function readLetter(unit: number): number {
  const [reading] = leetReadings(String.fromCharCode(unit));
  return reading!.charCodeAt(0);
}

function resolveWord(typed: string, { words, anchors, typos }: Lexicon): Resolved {
  for (const reading of leetReadings(typed)) {
    for (const short of new Set([reading, ...shortenedRuns(reading)])) {
      const word = words.idOf(short);
      if (word !== -1) return { word, how: READ.deobfuscated };
      if (!short.includes('*')) continue;
      const masked = unmask(short, anchors);
      if (masked !== null) return { word: words.idOf(masked), how: READ.deobfuscated };
    }
  }
  for (const reading of leetReadings(typed).slice(0, 2)) {
    const meant = typos.find(shortenedRuns(reading)[1] ?? reading);
    if (meant !== null) {
      return { word: words.idOf(meant), how: READ.fuzzy | (reading === typed ? 0 : READ.deobfuscated) };
    }
  }
  return { word: -1, how: READ.exact };
}

/** The word that fits around the stars, one letter each. At least half of it must be there. */
function unmask(masked: string, anchors: ReadonlySet<string>): string | null {
  const stars = masked.split('*').length - 1;
  if (masked.length < 3 || stars * 2 > masked.length) return null;
  for (const word of anchors) {
    if (
      word.length === masked.length &&
      Array.from(word).every((letter, i) => masked[i] === '*' || masked[i] === letter)
    ) {
      return word;
    }
  }
  return null;
}
