import type { Judged } from '../decide/judge.ts';
import type { PhraseScan } from '../decide/scan.ts';
import type { Lexicon } from '../lexicon/compile.ts';
import { WORD } from '../lexicon/word-flags.ts';
import { hashOf } from '../match/word-table.ts';
import type { TextReading } from '../read-text.ts';
import { CUE } from './cue-hash.ts';
import {
  FIGURE,
  OWN,
  partOfPhrase,
  partsOfStranger,
  partsOfWord,
  PLAY,
  SPEAKER,
  START,
  type CueParts,
} from './cue-parts.ts';

/** Hears of each cue with its parts as hashes, 0 for no second one. */
export type CueListener = (kind: number, first: number, second: number) => void;

/**
 * What a text shows to somebody who has read many: words, neighbours, kinds of words beside each other, and what the
 * phrases of the word lists made of it. A cue may be told several times.
 *
 * This is who learns; `HeardCues` counts the same cues, without naming them.
 */
export class TextCues {
  readonly #tell: CueListener;
  readonly #known: readonly CueParts[];
  readonly #phrases: readonly number[];

  constructor(lexicon: Lexicon, tell: CueListener) {
    this.#tell = tell;
    this.#known = lexicon.words.words.map((_, id) => partsOfWord(lexicon, id));
    this.#phrases = lexicon.meanings.map(partOfPhrase);
  }

  /** Tells the cues of a stretch: of the tokens from `from` to `to`, the last excluded. */
  collect(from: number, to: number, reading: TextReading, scan: PhraseScan, judged: readonly Judged[]): void {
    this.#collectWords(from, to, reading);
    for (let i = 0; i < scan.count; i++) {
      const last = scan.lastOf(i);
      if (last >= from && last < to) this.#tell(CUE.phrase, this.#phrases[scan.phraseOf(i)]!, 0);
    }
    for (const { match, phrase, verdict, reason, modifiers } of judged) {
      if (match.last < from || match.last >= to) continue;
      this.#tell(CUE.claim, hashOf(phrase.type), hashOf(verdict));
      this.#tell(CUE.claim, hashOf(verdict), hashOf(reason ?? OWN));
      this.#tell(CUE.claim, hashOf(phrase.tier), hashOf(verdict));
      for (const modifier of modifiers) this.#tell(CUE.claim, hashOf(modifier), 0);
    }
  }

  #collectWords(from: number, to: number, reading: TextReading): void {
    const { tokens, words } = reading;
    const stretch = Array.from({ length: to - from }, (_, i) => {
      const word = words[from + i]!;
      return word === -1 ? partsOfStranger(tokens, from + i) : this.#known[word]!;
    });
    const tell = this.#tell;
    for (const [i, { word, stem, kind }] of stretch.entries()) {
      const next = stretch[i + 1];
      tell(CUE.word, word, 0);
      tell(CUE.stem, stem, 0);
      if (kind !== word) tell(CUE.kind, kind, 0);
      if (next === undefined) break;
      tell(CUE.pair, word, next.word);
      tell(CUE.stems, stem, next.stem);
      if (kind !== word || next.kind !== next.word) tell(CUE.kinds, kind, next.kind);
      if (i + 2 < stretch.length) tell(CUE.kinds_1, kind, stretch[i + 2]!.kind);
      if (i + 3 < stretch.length) tell(CUE.kinds_2, kind, stretch[i + 3]!.kind);
    }
    let flags = 0;
    for (let i = from; i < to; i++) flags |= reading.flags(i);
    if (stretch.length > 0) tell(CUE.text, hashOf(START), stretch[0]!.word);
    if ((flags & FIGURE) !== 0) tell(CUE.text, hashOf(PLAY), 0);
    if ((flags & WORD.first) !== 0) tell(CUE.text, hashOf(SPEAKER), 0);
  }
}
