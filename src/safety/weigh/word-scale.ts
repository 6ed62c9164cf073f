import { OUTCOMES, type Outcome, type WordWeights } from '../../../config/safety-weights.ts';
import type { SafetyData } from '../../../config/safety-data.ts';
import type { WordTable } from '../match/word-table.ts';
import type { TextReading } from '../read-text.ts';
import { classesByWord, stemOf, stretchesOf } from './features.ts';
import { PairTable } from './pair-table.ts';

const SIZE = OUTCOMES.length;
const HUNDREDTHS = 100;
/** Longer texts have more words that tell: the sum is divided by the root of their number. */
export const STEEPNESS = 1.1;
const FIRST_CRISIS = 2;
/** A text is weighed when two words speak this much for a concern, or one that much: most of a story is not. */
const CUE = 2.5;
const STRONG_CUE = 4;
const FEWEST_CUES = 2;

/** What the words of a text, taken together, speak for. */
export interface Weighed {
  /** Logarithm of the odds of a crisis, of the stretch where it is highest. */
  readonly crisis: number;
  /** The likeliest type, if it is one. */
  readonly type: Outcome;
  /** Logarithm of the odds of distress or a mention against nothing at all. */
  readonly warning: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Weighs a text by its words and pairs of words: a linear model, so that everything it says can be read in
 * `weights.json`. It knows neither who is meant nor when; phrases and their context decide that.
 */
export class WordScale {
  readonly #bias: Float64Array;
  /** Row by word number. */
  readonly #words: Float32Array;
  readonly #cues: Uint8Array;
  readonly #pairs: PairTable;
  readonly #around: PairTable;
  readonly #sum = new Float64Array(SIZE);

  constructor(weights: WordWeights, data: SafetyData, words: WordTable) {
    this.#bias = Float64Array.from(weights.bias, (value) => value / HUNDREDTHS);
    this.#words = new Float32Array(words.words.length * SIZE);
    this.#cues = new Uint8Array(words.words.length);
    const classesOf = classesByWord(data);
    for (const [id, word] of words.words.entries()) {
      const rows = [
        weights.words[word],
        weights.stems[stemOf(word)],
        ...(classesOf.get(word) ?? []).map((name) => weights.classes[name]),
      ];
      for (const row of rows) this.#addRow(id, row);
      this.#cues[id] = this.#cuesOf(id);
    }
    this.#pairs = new PairTable(weights.pairs, words);
    this.#around = new PairTable(weights.around, words);
  }

  #addRow(id: number, row: readonly number[] | undefined): void {
    if (row === undefined) return;
    for (let k = 0; k < SIZE; k++) this.#words[id * SIZE + k]! += row[k]! / HUNDREDTHS;
  }

  /** How much a word by itself speaks rather for some concern than for none: see {@link FEWEST_CUES}. */
  #cuesOf(id: number): number {
    let most = 0;
    for (let k = 1; k < SIZE; k++) {
      most = Math.max(most, this.#words[id * SIZE + k]! - this.#words[id * SIZE]!);
    }
    return most >= STRONG_CUE ? 2 : most >= CUE ? 1 : 0;
  }

  /** Null when no word tells anything: most of a story. */
  weigh(reading: TextReading): Weighed | null {
    if (!this.#hasCue(reading)) return null;
    let best: Weighed | null = null;
    for (const { first, last } of stretchesOf(reading)) {
      this.#weighStretch(reading, first, last);
      const weighed = this.#outcome(first, last);
      if (best === null || weighed.crisis > best.crisis) best = weighed;
    }
    return best;
  }

  #hasCue({ words, tokens: { count } }: TextReading): boolean {
    const cues = this.#cues;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      if (word !== -1 && (found += cues[word]!) >= FEWEST_CUES) return true;
    }
    return false;
  }

  #weighStretch({ words, tokens: { sentences } }: TextReading, first: number, last: number): void {
    const sum = this.#sum.fill(0);
    const rows = this.#words;
    const pairs = this.#pairs;
    const around = this.#around;
    let known = 0;
    for (let i = first; i <= last; i++) {
      const word = words[i]!;
      if (word === -1) continue;
      known++;
      const at = word * SIZE;
      for (let k = 0; k < SIZE; k++) sum[k]! += rows[at + k]!;
      if (i < last && sentences[i + 1] === sentences[i]) pairs.add(word, words[i + 1]!, sum);
      if (i + 1 < last && sentences[i + 2] === sentences[i]) around.add(word, words[i + 2]!, sum);
    }
    const scale = STEEPNESS / Math.sqrt(Math.max(1, known));
    for (let k = 0; k < SIZE; k++) sum[k] = this.#bias[k]! + sum[k]! * scale;
  }

  #outcome(first: number, last: number): Weighed {
    const sum = this.#sum;
    let top = sum[0]!;
    for (let k = 1; k < SIZE; k++) if (sum[k]! > top) top = sum[k]!;
    let others = 0;
    let crises = 0;
    let type = FIRST_CRISIS;
    for (let k = 0; k < SIZE; k++) {
      if (k < FIRST_CRISIS) others += Math.exp(sum[k]! - top);
      else {
        crises += Math.exp(sum[k]! - top);
        if (sum[k]! > sum[type]!) type = k;
      }
    }
    return {
      crisis: Math.log(crises / others),
      type: OUTCOMES[type]!,
      warning: sum[1]! - sum[0]!,
      first,
      last,
    };
  }
}
