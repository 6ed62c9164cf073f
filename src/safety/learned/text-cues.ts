import type { Judged } from '../decide/judge.ts';
import type { PhraseScan } from '../decide/scan.ts';
import type { Lexicon } from '../lexicon/compile.ts';
import { WORD } from '../lexicon/word-flags.ts';
import { hashOf } from '../match/word-table.ts';
import type { TextReading } from '../read-text.ts';
import { CUE, cueHash, STEM } from './cue-hash.ts';

/** Names of cues that are no words; in brackets, so that no word is one. */
export const PLAY = '<play>';
export const SPEAKER = '<speaker>';
export const START = '<start>';
/** A claim that the speaker makes, without a reason against it. */
export const OWN = 'own';

const PLAY_HASH = hashOf(PLAY);
const SPEAKER_HASH = hashOf(SPEAKER);
const START_HASH = hashOf(START);
const CUE_WORD = CUE.word;
const CUE_STEM = CUE.stem;
const CUE_KIND = CUE.kind;
const CUE_PAIR = CUE.pair;
const CUE_STEMS = CUE.stems;
const CUE_KINDS = CUE.kinds;
const CUE_KINDS_1 = CUE.kinds_1;
const CUE_KINDS_2 = CUE.kinds_2;
const FIGURE = WORD.entity | WORD.game;

/** Hears of each cue with its parts as hashes, 0 for no second one. */
export type CueListener = (kind: number, first: number, second: number, key: number) => void;

/**
 * What a text shows to somebody who has read many: words, neighbours, kinds of words beside each other, and what the
 * phrases of the word lists made of it. A cue may stand among the keys several times.
 */
export class TextCues {
  keys = new Int32Array(4096);
  count = 0;
  readonly #listener: CueListener | null;
  readonly #wordHash: Int32Array;
  readonly #stemHash: Int32Array;
  /** Two kinds for each word, 0 where there is none. */
  readonly #kinds: Int32Array;
  readonly #phrases: Int32Array;
  #words = new Int32Array(256);
  #stems = new Int32Array(256);
  #first = new Int32Array(256);
  #second = new Int32Array(256);

  constructor(lexicon: Lexicon, listener: CueListener | null = null) {
    this.#listener = listener;
    const { words } = lexicon.words;
    this.#wordHash = Int32Array.from(words, hashOf);
    this.#stemHash = Int32Array.from(words, (word) => hashOf(word.slice(0, STEM)));
    this.#kinds = new Int32Array(words.length * 2);
    for (let id = 0; id < words.length; id++) {
      if ((lexicon.flags[id]! & FIGURE) !== 0) this.#kinds[id * 2] = PLAY_HASH;
      else {
        const names = lexicon.kinds.get(words[id]!) ?? [];
        for (let k = 0; k < 2 && k < names.length; k++) this.#kinds[id * 2 + k] = hashOf(`<${names[k]!}>`);
      }
    }
    this.#phrases = Int32Array.from(lexicon.meanings, (meaning) => {
      if (meaning.kind === 'idiom') return hashOf('idiom');
      return hashOf(meaning.kind === 'cue' ? meaning.cue : `${meaning.phrase.type}/${meaning.phrase.tier}`);
    });
  }

  /** Once per text, before stretches of it are looked at. */
  prepare({ tokens, words }: TextReading): void {
    if (this.#words.length < tokens.count) {
      const size = tokens.count * 2;
      this.#words = new Int32Array(size);
      this.#stems = new Int32Array(size);
      this.#first = new Int32Array(size);
      this.#second = new Int32Array(size);
    }
    for (let i = 0; i < tokens.count; i++) {
      const word = words[i]!;
      if (word !== -1) {
        const own = this.#wordHash[word]!;
        const kind = this.#kinds[word * 2]!;
        this.#words[i] = own;
        this.#stems[i] = this.#stemHash[word]!;
        this.#first[i] = kind === 0 ? own : kind;
        this.#second[i] = this.#kinds[word * 2 + 1]!;
      } else {
        const hash = tokens.hashes[i]!;
        this.#words[i] = hash;
        this.#stems[i] = stemOf(tokens.letters, tokens.offsets[i]!, tokens.lengths[i]!);
        this.#first[i] = hash;
        this.#second[i] = 0;
      }
    }
  }

  /** Collects the cues of a stretch in `keys`: of the tokens from `from` to `to`, the last excluded. */
  collect(from: number, to: number, reading: TextReading, scan: PhraseScan, judged: readonly Judged[]): void {
    this.count = 0;
    this.#collectWords(from, to, reading);
    this.#collectPhrases(from, to, scan, judged);
  }

  #collectWords(from: number, to: number, reading: TextReading): void {
    const words = this.#words;
    const stems = this.#stems;
    const first = this.#first;
    let flags = 0;
    for (let i = from; i < to; i++) {
      flags |= reading.flags(i);
      const word = words[i]!;
      const stem = stems[i]!;
      const kind = first[i]!;
      this.#put(CUE_WORD, word, 0);
      this.#put(CUE_STEM, stem, 0);
      // A word of no class is its own kind.
      if (kind !== word) this.#put(CUE_KIND, kind, 0);
      if (i + 1 === to) break;
      const isPlain = kind === word;
      const next = words[i + 1]!;
      const nextKind = first[i + 1]!;
      this.#put(CUE_PAIR, word, next);
      this.#put(CUE_STEMS, stem, stems[i + 1]!);
      if (!isPlain || nextKind !== next) this.#put(CUE_KINDS, kind, nextKind);
      if (i + 2 < to) this.#put(CUE_KINDS_1, kind, first[i + 2]!);
      if (i + 3 < to) this.#put(CUE_KINDS_2, kind, first[i + 3]!);
    }
    if (to > from) this.#put(CUE.text, START_HASH, words[from]!);
    if ((flags & FIGURE) !== 0) this.#put(CUE.text, PLAY_HASH, 0);
    if ((flags & WORD.first) !== 0) this.#put(CUE.text, SPEAKER_HASH, 0);
  }

  #collectPhrases(from: number, to: number, scan: PhraseScan, judged: readonly Judged[]): void {
    for (let i = 0; i < scan.count; i++) {
      const last = scan.lastOf(i);
      if (last >= from && last < to) this.#put(CUE.phrase, this.#phrases[scan.phraseOf(i)]!, 0);
    }
    for (const { match, phrase, verdict, reason, modifiers } of judged) {
      if (match.last < from || match.last >= to) continue;
      this.#put(CUE.claim, hashOf(phrase.type), hashOf(verdict));
      this.#put(CUE.claim, hashOf(verdict), hashOf(reason ?? OWN));
      this.#put(CUE.claim, hashOf(phrase.tier), hashOf(verdict));
      for (const modifier of modifiers) this.#put(CUE.claim, hashOf(modifier), 0);
    }
  }

  #put(kind: number, first: number, second: number): void {
    const key = cueHash(kind, first, second);
    if (this.count === this.keys.length) this.#grow();
    this.keys[this.count++] = key;
    if (this.#listener !== null) this.#listener(kind, first, second, key);
  }

  #grow(): void {
    const keys = new Int32Array(this.keys.length * 2);
    keys.set(this.keys);
    this.keys = keys;
  }
}

function stemOf(letters: Uint16Array, offset: number, length: number): number {
  let hash = 0;
  for (let i = 0; i < length && i < STEM; i++) hash = (Math.imul(hash, 31) + letters[offset + i]!) | 0;
  return hash;
}
