import type { Judged } from '../decide/judge.ts';
import type { PhraseScan } from '../decide/scan.ts';
import type { Lexicon } from '../lexicon/compile.ts';
import { WORD } from '../lexicon/word-flags.ts';
import { hashOf } from '../match/word-table.ts';
import type { TextReading } from '../read-text.ts';
import { beginOfHash, CUE, cueHash, endOfHash } from './cue-hash.ts';
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
import { UNHEARD, type LearnedModel } from './learned-model.ts';

/** What is known of a word stands side by side, and comes with one access to memory. */
const FIELDS = 16;
/** Its parts as the second ones of pairs. */
const AS_WORD = 0;
const AS_STEM = 1;
const AS_KIND = 2;
/** The pairs that begin with it, as hashes that are begun. */
const PAIR = 3;
const STEMS = 4;
const KINDS = 5;
const KINDS_1 = 6;
const KINDS_2 = 7;
/** Places of the cues that it is alone, in the model. */
const WORD_PLACE = 8;
const STEM_PLACE = 9;
const KIND_PLACE = 10;
const FLAGS = 11;
/** 1 where the kind is not the word itself. */
const HAS_KIND = 12;

/**
 * Lets a {@link LearnedModel} hear the cues of a stretch of a text. They are those that `TextCues` tells who learns; but
 * here everything that a word alone decides was found before, so that what is left is one look-up for each pair.
 */
export class HeardCues {
  readonly #model: LearnedModel;
  /** Of each word; behind them there is room for a stretch of words that nobody knows. */
  readonly #records: Int32Array;
  readonly #strangers: number;
  /** Places of what phrases say, by phrase. */
  readonly #phrases: Int32Array;
  readonly #start = beginOfHash(CUE.text, hashOf(START));
  readonly #play: number;
  readonly #speaker: number;
  readonly #hashes = new Map<string, number>();
  /** Where the records of the stretch in hand are. */
  readonly #stretch: Int32Array;

  /** @param longest  no stretch has more tokens */
  constructor(lexicon: Lexicon, model: LearnedModel, longest: number) {
    const count = lexicon.words.words.length;
    this.#model = model;
    this.#records = new Int32Array((count + longest) * FIELDS);
    this.#strangers = count * FIELDS;
    this.#stretch = new Int32Array(longest);
    for (let id = 0; id < count; id++) {
      this.#describe(id * FIELDS, partsOfWord(lexicon, id), lexicon.flags[id]!);
    }
    this.#phrases = Int32Array.from(lexicon.meanings, (meaning) =>
      model.find(cueHash(CUE.phrase, partOfPhrase(meaning), 0)),
    );
    this.#play = cueHash(CUE.text, hashOf(PLAY), 0);
    this.#speaker = cueHash(CUE.text, hashOf(SPEAKER), 0);
  }

  /** Of the tokens from `from` to `to`, the last excluded. */
  hear(from: number, to: number, reading: TextReading, scan: PhraseScan, judged: readonly Judged[]): void {
    this.#model.begin();
    this.#look(from, to, reading);
    this.#hearWords(to - from);
    this.#hearPhrases(from, to, scan);
    if (judged.length > 0) this.#hearClaims(from, to, judged);
  }

  #describe(at: number, { word, stem, kind }: CueParts, flags: number): void {
    const records = this.#records;
    const placeOf = (of: number, part: number): number => this.#model.find(cueHash(of, part, 0));
    records[at + AS_WORD] = word;
    records[at + AS_STEM] = stem;
    records[at + AS_KIND] = kind;
    records[at + PAIR] = beginOfHash(CUE.pair, word);
    records[at + STEMS] = beginOfHash(CUE.stems, stem);
    records[at + KINDS] = beginOfHash(CUE.kinds, kind);
    records[at + KINDS_1] = beginOfHash(CUE.kinds_1, kind);
    records[at + KINDS_2] = beginOfHash(CUE.kinds_2, kind);
    records[at + WORD_PLACE] = placeOf(CUE.word, word);
    records[at + STEM_PLACE] = placeOf(CUE.stem, stem);
    records[at + KIND_PLACE] = kind === word ? UNHEARD : placeOf(CUE.kind, kind);
    records[at + FLAGS] = flags;
    records[at + HAS_KIND] = kind === word ? 0 : 1;
  }

  /** Finds the record of each token. */
  #look(from: number, to: number, { tokens, words }: TextReading): void {
    const stretch = this.#stretch;
    let stranger = this.#strangers;
    for (let i = from; i < to; i++) {
      const word = words[i]!;
      if (word !== -1) stretch[i - from] = word * FIELDS;
      else {
        this.#describe(stranger, partsOfStranger(tokens, i), 0);
        stretch[i - from] = stranger;
        stranger += FIELDS;
      }
    }
  }

  #hearWords(count: number): void {
    const model = this.#model;
    const records = this.#records;
    const stretch = this.#stretch;
    let flags = 0;
    for (let i = 0; i < count; i++) {
      const own = stretch[i]!;
      const word = records[own + WORD_PLACE]!;
      const stem = records[own + STEM_PLACE]!;
      const kind = records[own + KIND_PLACE]!;
      flags |= records[own + FLAGS]!;
      if (word !== UNHEARD) model.hearFound(word);
      if (stem !== UNHEARD) model.hearFound(stem);
      if (kind !== UNHEARD) model.hearFound(kind);
      if (i + 1 === count) break;
      const next = stretch[i + 1]!;
      model.hear(endOfHash(records[own + PAIR]!, records[next + AS_WORD]!));
      model.hear(endOfHash(records[own + STEMS]!, records[next + AS_STEM]!));
      if ((records[own + HAS_KIND]! | records[next + HAS_KIND]!) !== 0) {
        model.hear(endOfHash(records[own + KINDS]!, records[next + AS_KIND]!));
      }
      if (i + 2 < count) model.hear(endOfHash(records[own + KINDS_1]!, records[stretch[i + 2]! + AS_KIND]!));
      if (i + 3 < count) model.hear(endOfHash(records[own + KINDS_2]!, records[stretch[i + 3]! + AS_KIND]!));
    }
    if (count > 0) model.hear(endOfHash(this.#start, records[stretch[0]! + AS_WORD]!));
    if ((flags & FIGURE) !== 0) model.hear(this.#play);
    if ((flags & WORD.first) !== 0) model.hear(this.#speaker);
  }

  #hearPhrases(from: number, to: number, scan: PhraseScan): void {
    for (let i = scan.endingFrom(from); i < scan.count && scan.lastOf(i) < to; i++) {
      const place = this.#phrases[scan.phraseOf(i)]!;
      if (place !== UNHEARD) this.#model.hearFound(place);
    }
  }

  #hearClaims(from: number, to: number, judged: readonly Judged[]): void {
    const model = this.#model;
    for (const { match, phrase, verdict, reason, modifiers } of judged) {
      if (match.last < from || match.last >= to) continue;
      const hash = this.#hashOf(verdict);
      model.hear(cueHash(CUE.claim, this.#hashOf(phrase.type), hash));
      model.hear(cueHash(CUE.claim, hash, this.#hashOf(reason ?? OWN)));
      model.hear(cueHash(CUE.claim, this.#hashOf(phrase.tier), hash));
      for (const modifier of modifiers) model.hear(cueHash(CUE.claim, this.#hashOf(modifier), 0));
    }
  }

  /** Of a name that the program gives, and not a text. */
  #hashOf(name: string): number {
    let hash = this.#hashes.get(name);
    if (hash === undefined) this.#hashes.set(name, (hash = hashOf(name)));
    return hash;
  }
}
