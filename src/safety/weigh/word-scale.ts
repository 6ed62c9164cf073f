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
  readonly #words: Float64Array;
  readonly #isTelling: Uint8Array;
  readonly #pairs: PairTable;
  readonly #around: PairTable;
  readonly #sum = new Float64Array(SIZE);

  constructor(weights: WordWeights, data: SafetyData, words: WordTable) {
    this.#bias = Float64Array.from(weights.bias, (value) => value / HUNDREDTHS);
    this.#words = new Float64Array(words.words.length * SIZE);
    this.#isTelling = new Uint8Array(words.words.length);
    const classesOf = classesByWord(data);
    for (const [id, word] of words.words.entries()) {
      const rows = [
        weights.words[word],
        weights.stems[stemOf(word)],
        ...(classesOf.get(word) ?? []).map((name) => weights.classes[name]),
      ];
      for (const row of rows) this.#addRow(id, row);
      this.#isTelling[id] = this.#isCue(id) ? 1 : 0;
    }
    this.#pairs = new PairTable(weights.pairs, words);
    this.#around = new PairTable(weights.around, words);
  }

  #addRow(id: number, row: readonly number[] | undefined): void {
    if (row === undefined) return;
    for (let k = 0; k < SIZE; k++) this.#words[id * SIZE + k]! += row[k]! / HUNDREDTHS;
  }

  /** A word that by itself speaks rather for some concern than for none. */
  #isCue(id: number): boolean {
    for (let k = 1; k < SIZE; k++) {
      if (this.#words[id * SIZE + k]! - this.#words[id * SIZE]! > CUE) return true;
    }
    return false;
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

  #hasCue({ words, tokens }: TextReading): boolean {
    for (let i = 0; i < tokens.count; i++)
      if (words[i] !== -1 && this.#isTelling[words[i]!] === 1) return true;
    return false;
  }

  #weighStretch({ words, tokens }: TextReading, first: number, last: number): void {
    const sum = this.#sum.fill(0);
    let known = 0;
    for (let i = first; i <= last; i++) {
      const word = words[i]!;
      if (word === -1) continue;
      known++;
      for (let k = 0; k < SIZE; k++) sum[k]! += this.#words[word * SIZE + k]!;
      if (i < last && tokens.sentences[i + 1] === tokens.sentences[i])
        this.#pairs.add(word, words[i + 1]!, sum);
      if (i + 1 < last && tokens.sentences[i + 2] === tokens.sentences[i]) {
        this.#around.add(word, words[i + 2]!, sum);
      }
    }
    const scale = STEEPNESS / Math.sqrt(Math.max(1, known));
    for (let k = 0; k < SIZE; k++) sum[k] = this.#bias[k]! + sum[k]! * scale;
  }

  #outcome(first: number, last: number): Weighed {
    const sum = this.#sum;
    const top = Math.max(...sum);
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

/** By how much a word must speak rather for a concern before a text with it is weighed at all. */
const CUE = 0.15;
