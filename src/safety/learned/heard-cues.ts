import { MODIFIERS } from '../../contracts/safety.ts';
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
import type { LearnedModel } from './learned-model.ts';

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
/** The stretch in which the word was heard last: what it is alone counts once. */
const HEARD_IN = 13;
const LAST_STRETCH = 0x7fff_ffff;

/** Cues of a word alone, and pairs that begin with it. */
const ALONE = 3;
const PAIRS = 5;
/** Of a stretch as a whole. */
const OF_ALL = 3;
/** A claim has no more modifiers than there are. */
const CLAIMS = MODIFIERS.length;

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
  /** Places of cues in the model, and keys of cues that have to be looked up there. */
  #places: Int32Array;
  readonly #keys: Int32Array;
  #number = 0;

  /** @param longest  no stretch has more tokens */
  constructor(lexicon: Lexicon, model: LearnedModel, longest: number) {
    const count = lexicon.words.words.length;
    this.#model = model;
    this.#records = new Int32Array((count + longest) * FIELDS);
    this.#strangers = count * FIELDS;
    this.#stretch = new Int32Array(longest);
    this.#places = new Int32Array(longest * ALONE);
    this.#keys = new Int32Array(longest * PAIRS + OF_ALL);
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
    if (this.#number === LAST_STRETCH) this.#forget();
    this.#number++;
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
    records[at + KIND_PLACE] = kind === word ? this.#model.nowhere : placeOf(CUE.kind, kind);
    records[at + FLAGS] = flags;
    records[at + HAS_KIND] = kind === word ? 0 : 1;
    records[at + HEARD_IN] = 0;
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

  /**
   * Cues are written down in any case, and only those that may be known are kept: whether they are cannot be foreseen, and a
   * wrong guess of the processor takes longer than the writing.
   */
  #hearWords(count: number): void {
    const model = this.#model;
    const records = this.#records;
    const stretch = this.#stretch;
    const places = this.#places;
    const keys = this.#keys;
    const number = this.#number;
    let flags = 0;
    let alone = 0;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const own = stretch[i]!;
      places[alone] = records[own + WORD_PLACE]!;
      places[alone + 1] = records[own + STEM_PLACE]!;
      places[alone + 2] = records[own + KIND_PLACE]!;
      alone += records[own + HEARD_IN] === number ? 0 : ALONE;
      records[own + HEARD_IN] = number;
      flags |= records[own + FLAGS]!;
      if (i + 1 === count) break;
      const next = stretch[i + 1]!;
      const pair = endOfHash(records[own + PAIR]!, records[next + AS_WORD]!);
      keys[found] = pair;
      found += model.mayKnow(pair);
      const stems = endOfHash(records[own + STEMS]!, records[next + AS_STEM]!);
      keys[found] = stems;
      found += model.mayKnow(stems);
      const kinds = endOfHash(records[own + KINDS]!, records[next + AS_KIND]!);
      keys[found] = kinds;
      found += model.mayKnow(kinds) & (records[own + HAS_KIND]! | records[next + HAS_KIND]!);
      if (i + 2 === count) continue;
      const kinds1 = endOfHash(records[own + KINDS_1]!, records[stretch[i + 2]! + AS_KIND]!);
      keys[found] = kinds1;
      found += model.mayKnow(kinds1);
      if (i + 3 === count) continue;
      const kinds2 = endOfHash(records[own + KINDS_2]!, records[stretch[i + 3]! + AS_KIND]!);
      keys[found] = kinds2;
      found += model.mayKnow(kinds2);
    }
    if (count > 0) keys[found++] = endOfHash(this.#start, records[stretch[0]! + AS_WORD]!);
    if ((flags & FIGURE) !== 0) keys[found++] = this.#play;
    if ((flags & WORD.first) !== 0) keys[found++] = this.#speaker;
    model.hear(places, alone);
    model.hearKeys(keys, found);
  }

  #hearPhrases(from: number, to: number, scan: PhraseScan): void {
    const first = scan.endingFrom(from);
    let count = 0;
    for (let i = first; i < scan.count && scan.lastOf(i) < to; i++) {
      if (count === this.#places.length) this.#grow();
      this.#places[count++] = this.#phrases[scan.phraseOf(i)]!;
    }
    this.#model.hear(this.#places, count);
  }

  #hearClaims(from: number, to: number, judged: readonly Judged[]): void {
    const claims = new Int32Array(CLAIMS);
    for (const { match, phrase, verdict, reason, modifiers } of judged) {
      if (match.last < from || match.last >= to) continue;
      const hash = this.#hashOf(verdict);
      claims[0] = cueHash(CUE.claim, this.#hashOf(phrase.type), hash);
      claims[1] = cueHash(CUE.claim, hash, this.#hashOf(reason ?? OWN));
      claims[2] = cueHash(CUE.claim, this.#hashOf(phrase.tier), hash);
      this.#model.hearKeys(claims, 3);
      for (const [i, modifier] of modifiers.entries())
        claims[i] = cueHash(CUE.claim, this.#hashOf(modifier), 0);
      this.#model.hearKeys(claims, modifiers.length);
    }
  }

  #forget(): void {
    for (let at = HEARD_IN; at < this.#records.length; at += FIELDS) this.#records[at] = 0;
    this.#number = 0;
  }

  #grow(): void {
    const larger = new Int32Array(this.#places.length * 2);
    larger.set(this.#places);
    this.#places = larger;
  }

  /** Of a name that the program gives, and not a text. */
  #hashOf(name: string): number {
    let hash = this.#hashes.get(name);
    if (hash === undefined) this.#hashes.set(name, (hash = hashOf(name)));
    return hash;
  }
}
