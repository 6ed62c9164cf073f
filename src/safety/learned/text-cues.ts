import type { Judged } from '../decide/judge.ts';
import type { PhraseScan } from '../decide/scan.ts';
import type { Lexicon } from '../lexicon/compile.ts';
import { WORD } from '../lexicon/word-flags.ts';
import { hashOf } from '../match/word-table.ts';
import type { TextReading } from '../read-text.ts';
import { CUE, STEM } from './cue-hash.ts';

/** Names of cues that are no words; in brackets, so that no word is one. */
export const PLAY = '<play>';
export const SPEAKER = '<speaker>';
export const START = '<start>';

/** Takes a cue: its kind and the hashes of its parts, 0 for no second one. */
export type TakeCue = (kind: number, first: number, second: number) => void;

/** Part of a text: tokens from `from` to `to`, the last excluded. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * What a text shows to somebody who has read many: words, neighbours, kinds of words beside each other, and what the
 * phrases of the word lists made of it. The same cue may be taken several times.
 */
export class TextCues {
  readonly #wordHash: Int32Array;
  readonly #stemHash: Int32Array;
  /** Two kinds for each word, 0 where there is none. */
  readonly #kinds: Int32Array;
  readonly #phrases: Int32Array;
  readonly #play = hashOf(PLAY);
  #words = new Int32Array(256);
  #stems = new Int32Array(256);
  #first = new Int32Array(256);
  #second = new Int32Array(256);

  constructor(lexicon: Lexicon) {
    const { words } = lexicon.words;
    this.#wordHash = Int32Array.from(words, hashOf);
    this.#stemHash = Int32Array.from(words, (word) => hashOf(word.slice(0, STEM)));
    this.#kinds = new Int32Array(words.length * 2);
    for (let id = 0; id < words.length; id++) {
      if ((lexicon.flags[id]! & (WORD.entity | WORD.game)) !== 0) this.#kinds[id * 2] = this.#play;
      else
        for (const [k, name] of (lexicon.kinds.get(words[id]!) ?? []).slice(0, 2).entries())
          this.#kinds[id * 2 + k] = hashOf(`<${name}>`);
    }
    this.#phrases = Int32Array.from(lexicon.meanings, (meaning) => {
      if (meaning.kind === 'idiom') return hashOf('idiom');
      return hashOf(meaning.kind === 'cue' ? meaning.cue : `${meaning.phrase.type}/${meaning.phrase.tier}`);
    });
  }

  /** Once per text, before stretches of it are looked at. */
  prepare(reading: TextReading): void {
    const { tokens, words } = reading;
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
        this.#words[i] = this.#wordHash[word]!;
        this.#stems[i] = this.#stemHash[word]!;
        this.#first[i] = this.#kinds[word * 2]! || this.#wordHash[word]!;
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

  /** The words of a stretch and what stands beside each other. */
  words({ from, to }: Stretch, reading: TextReading, take: TakeCue): void {
    let isPlay = false;
    let isSpeaker = false;
    for (let i = from; i < to; i++) {
      const flags = reading.flags(i);
      if ((flags & (WORD.entity | WORD.game)) !== 0) isPlay = true;
      if ((flags & WORD.first) !== 0) isSpeaker = true;
      take(CUE.word, this.#words[i]!, 0);
      take(CUE.stem, this.#stems[i]!, 0);
      this.#kindsOf(i, 0, CUE.kind, take, -1);
      if (i + 1 < to) {
        take(CUE.pair, this.#words[i]!, this.#words[i + 1]!);
        take(CUE.stems, this.#stems[i]!, this.#stems[i + 1]!);
        this.#kindsOf(i, i + 1, CUE.kinds, take, to);
      }
      if (i + 2 < to) this.#kindsOf(i, i + 2, CUE.kinds_1, take, to);
      if (i + 3 < to) this.#kindsOf(i, i + 3, CUE.kinds_2, take, to);
    }
    if (to > from) take(CUE.text, hashOf(START), this.#words[from]!);
    if (isPlay) take(CUE.text, this.#play, 0);
    if (isSpeaker) take(CUE.text, hashOf(SPEAKER), 0);
  }

  /** What phrases of the word lists claim within a stretch, and how their claims were judged. */
  phrases({ from, to }: Stretch, scan: PhraseScan, judged: readonly Judged[], take: TakeCue): void {
    scan.each((phrase, last) => {
      if (last >= from && last < to) take(CUE.phrase, this.#phrases[phrase]!, 0);
    });
    for (const { match, phrase, verdict, reason, modifiers } of judged) {
      if (match.last < from || match.last >= to) continue;
      take(CUE.claim, hashOf(phrase.type), hashOf(verdict));
      take(CUE.claim, hashOf(verdict), hashOf(reason ?? 'own'));
      take(CUE.claim, hashOf(phrase.tier), hashOf(verdict));
      for (const modifier of modifiers) take(CUE.claim, hashOf(modifier), 0);
    }
  }

  #kindsOf(a: number, b: number, kind: number, take: TakeCue, to: number): void {
    const a1 = this.#first[a]!;
    const a2 = this.#second[a]!;
    if (to === -1) {
      take(kind, a1, 0);
      if (a2 !== 0) take(kind, a2, 0);
      return;
    }
    const b1 = this.#first[b]!;
    const b2 = this.#second[b]!;
    take(kind, a1, b1);
    if (b2 !== 0) take(kind, a1, b2);
    if (a2 === 0) return;
    take(kind, a2, b1);
    if (b2 !== 0) take(kind, a2, b2);
  }
}

function stemOf(letters: Uint16Array, offset: number, length: number): number {
  let hash = 0;
  for (let i = 0; i < length && i < STEM; i++) hash = (Math.imul(hash, 31) + letters[offset + i]!) | 0;
  return hash;
}
