import type { Lexicon } from './lexicon/compile.ts';
import { NUMBER_SYMBOL, UNKNOWN_SYMBOL } from './match/phrase-automaton.ts';
import { UNCODED } from './match/word-code.ts';
import { FoldedText } from './text/fold.ts';
import { READ, resolveWord } from './resolve-word.ts';
import { readLetter } from './text/readings.ts';
import { divide, type Piece } from './text/spelled-out.ts';
import { SPELLING } from './text/spelling.ts';
import { Tokens } from './text/tokens.ts';
import { WordMemory } from './text/word-memory.ts';

/** Longer than any word; nobody misspells those. */
const LONGEST_WORD = 40;
/** So long that a misspelling of it is recognised without another word beside it. */
export const UNMISTAKABLE = 7;

/** An unknown word this short may be a piece of one, this long several. */
const FRAGMENT = 4;
const RUN_TOGETHER = 8;
/** Known words this short may be pieces too: "k ill". */
const SHORT_WORD = 4;
const LONGEST_RUN = 12;
const HOW_BITS = 2;
const HOW_MASK = 3;

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
  /** Long words that are not several. */
  readonly #whole = new WordMemory();
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
    if (this.words.length < tokens.count) this.#reserve();
    if (this.#recognise() && this.#regroup()) this.#recognise();
  }

  #reserve(): void {
    const size = this.tokens.count * 2;
    this.words = new Int32Array(size);
    this.symbols = new Int32Array(size);
    this.how = new Uint8Array(size);
  }

  /** @returns whether some token may be a piece of a word, or words run together */
  #recognise(): boolean {
    const { letters, offsets, lengths, lows, highs, spellings, count } = this.tokens;
    const { words, symbols, how } = this;
    const { words: table, symbols: symbolOf } = this.#lexicon;
    let hasPieces = false;
    for (let i = 0; i < count; i++) {
      const spelling = spellings[i]!;
      const isOwnScript = (spelling & SPELLING.otherScript) === 0;
      const low = lows[i]!;
      let word = -1;
      if (isOwnScript && low !== UNCODED) word = table.findCoded(low, highs[i]!);
      else if (isOwnScript) word = table.find(letters, offsets[i]!, lengths[i]!);
      if (word !== -1) {
        words[i] = word;
        symbols[i] = symbolOf[word]!;
        how[i] = (spelling & SPELLING.changed) === 0 ? READ.exact : READ.deobfuscated;
      } else if (this.#recogniseOdd(i, spelling, isOwnScript)) hasPieces = true;
    }
    return hasPieces;
  }

  /** A token that is no known word as it stands. @returns whether it may be a piece of one, or several */
  #recogniseOdd(token: number, spelling: number, isOwnScript: boolean): boolean {
    let word = -1;
    let how: number = (spelling & SPELLING.changed) === 0 ? READ.exact : READ.deobfuscated;
    let symbol = UNKNOWN_SYMBOL;
    let isPiece = false;
    if (isOwnScript) {
      if (spelling === SPELLING.number) symbol = NUMBER_SYMBOL;
      else {
        const resolved = this.#resolve(token, this.tokens.spellingOf(token));
        word = (resolved >> HOW_BITS) - 1;
        how |= resolved & HOW_MASK;
        isPiece = this.#mayBePieces(token, word, how);
      }
    }
    this.words[token] = word;
    this.symbols[token] = word === -1 ? symbol : this.#lexicon.symbols[word]!;
    this.how[token] = how;
    return isPiece;
  }

  /** Whether a token that is no known word as it stands may be a piece of one, or several without spaces. */
  #mayBePieces(token: number, word: number, how: number): boolean {
    const { letters, offsets, lengths } = this.tokens;
    const length = lengths[token]!;
    if (length <= FRAGMENT) return word === -1 || how === READ.fuzzy;
    if (word !== -1 || length < RUN_TOGETHER) return false;
    return this.#whole.find(letters, offsets[token]!, length) === -1;
  }

  /** Takes words apart that were run together ("iwanttodie"), and joins what was torn ("sui cide"). */
  #regroup(): boolean {
    const { tokens } = this;
    const changes: { readonly first: number; readonly end: number; readonly pieces: readonly Piece[] }[] = [];
    for (let i = 0; i < tokens.count;) {
      let end = i;
      while (end < tokens.count && end - i < LONGEST_RUN && this.#isPiece(end)) end++;
      const found = end > i ? this.#wordsInRun(i, end) : null;
      if (found !== null) changes.push({ first: i, end, pieces: found });
      i = Math.max(end, i + 1);
    }
    if (changes.length === 0) return false;
    this.#rebuild(changes);
    return true;
  }

  #isTorn(token: number): boolean {
    const isUnknown = this.words[token] === -1 || this.how[token] === READ.fuzzy;
    return isUnknown && this.tokens.lengths[token]! <= FRAGMENT;
  }

  #isPiece(token: number): boolean {
    const length = this.tokens.lengths[token]!;
    if ((this.tokens.spellings[token]! & SPELLING.number) !== 0) return false;
    return this.words[token] === -1 ? length <= LONGEST_WORD : length <= SHORT_WORD;
  }

  /** Null unless the letters of the run are nothing but words, a telling one among them that was hidden. */
  #wordsInRun(first: number, end: number): readonly Piece[] | null {
    const { tokens } = this;
    let torn = 0;
    let hasGlued = false;
    let length = 0;
    for (let i = first; i < end; i++) {
      const own = tokens.lengths[i]!;
      if (this.#isTorn(i)) torn++;
      else if (this.words[i] === -1 && own >= RUN_TOGETHER) hasGlued = true;
      length += own;
    }
    // One odd word is a name or slang; a word that was torn leaves two pieces.
    if ((torn < 2 && !hasGlued) || length > LONGEST_WORD) return null;
    if (this.#joined.length < length) this.#joined = new Uint16Array(length * 2);
    let at = 0;
    for (let i = first; i < end; i++) {
      for (let k = 0; k < tokens.lengths[i]!; k++)
        this.#joined[at++] = tokens.letters[tokens.offsets[i]! + k]!;
    }
    const pieces = divide(this.#joined, length, this.#lexicon.joined());
    const { words } = this.#lexicon.words;
    const isAllWords = pieces.every(({ word }) => word !== -1);
    const isTelling = pieces.some(
      ({ word, from, to }) => to - from >= 3 && this.#lexicon.telling.has(words[word]!),
    );
    if (isAllWords && isTelling && pieces.length !== end - first) return pieces;
    if (end - first === 1) {
      this.#whole.keep(tokens.letters, tokens.offsets[first]!, length, 0);
    }
    return null;
  }

  #rebuild(
    changes: readonly { readonly first: number; readonly end: number; readonly pieces: readonly Piece[] }[],
  ): void {
    const old = this.tokens.copy();
    const { tokens } = this;
    tokens.count = 0;
    let next = 0;
    for (const { first, end, pieces } of [...changes, { first: old.count, end: old.count, pieces: [] }]) {
      for (; next < first; next++) tokens.take(old, next);
      let letter = 0;
      let token = first;
      for (const { from, to, word } of pieces) {
        while (letter + old.lengths[token]! <= from) letter += old.lengths[token++]!;
        const start = token;
        let lastLetter = letter;
        let last = token;
        while (lastLetter + old.lengths[last]! < to) lastLetter += old.lengths[last++]!;
        tokens.put(old, start, last, this.#lexicon.words.words[word]!);
      }
      next = end;
    }
    if (this.words.length < tokens.count) this.#reserve();
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
    const { letters, offsets, lengths } = this.tokens;
    const offset = offsets[token]!;
    const length = lengths[token]!;
    const known = this.#resolved.find(letters, offset, length);
    if (known !== -1) return known;
    let resolved = 0;
    const isOdd = (spelling & ~SPELLING.changed) !== 0;
    const isReadable = length <= LONGEST_WORD || (spelling & SPELLING.repeats) !== 0;
    if (isReadable && (isOdd || this.#lexicon.typos.mayHave(letters, offset, length))) {
      const { word, how } = resolveWord(this.tokens.word(token), this.#lexicon);
      resolved = ((word + 1) << HOW_BITS) | how;
    }
    this.#resolved.keep(letters, offset, length, resolved);
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
    const pieces = divide(this.#joined, length, this.#lexicon.joined());
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
      // Letters in a column are one statement, whatever stands between them.
      tokens.sentences[out] = tokens.sentences[at]!;
      tokens.clauses[out] = tokens.clauses[at]!;
      if (to - from > 1) {
        tokens.spell(out, this.#lexicon.words.words[word]!);
      }
      out++;
    }
    return out;
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    const { tokens } = this;
    tokens.starts[to] = tokens.starts[from]!;
    tokens.ends[to] = tokens.ends[from]!;
    tokens.offsets[to] = tokens.offsets[from]!;
    tokens.lengths[to] = tokens.lengths[from]!;
    tokens.lows[to] = tokens.lows[from]!;
    tokens.highs[to] = tokens.highs[from]!;
    tokens.clauses[to] = tokens.clauses[from]!;
    tokens.sentences[to] = tokens.sentences[from]!;
    tokens.spellings[to] = tokens.spellings[from]!;
    tokens.quoted[to] = tokens.quoted[from]!;
  }
}
