import type { Judged } from '../decide/judge.ts';
import type { PhraseScan } from '../decide/scan.ts';
import type { Lexicon } from '../lexicon/compile.ts';
import type { TextReading } from '../read-text.ts';
import { hashOfCue } from './cue-hash.ts';
import { HeardCues } from './heard-cues.ts';
import {
  ALARM,
  CALM,
  CRISES,
  IMMINENT,
  OUTCOMES,
  SAFE,
  type LearnedModel,
  type Outcome,
} from './learned-model.ts';

/** Longer texts are weighed in stretches: a sentence of despair must not drown in a long story. */
const LONGEST = 60;
const OVERLAP = 20;
/** So probably safe that neither a crisis nor distress is left to look for. */
const QUIET = 0.85;
/**
 * With every other outcome weighing so much less, the share of the first is e^4.3 / (e^4.3 + 12) = 0.86 at least: quiet, and
 * no share has to be found out. Most texts are.
 */
const PLAINLY_QUIET = 4.3;
const NOTHING: readonly Judged[] = [];

/** What the learned cues make of a text: of the stretch of it that looks most like a crisis. */
export interface Opinion {
  /** Tokens of the stretch, the last excluded. */
  readonly from: number;
  readonly to: number;
  /** Probability of any crisis, 0 to 1. */
  readonly crisis: number;
  /** The likeliest crisis. */
  readonly type: Outcome;
  /** Probability that nothing is the matter. */
  readonly safe: number;
  /** The likeliest distress that is no crisis. */
  readonly distress: Outcome;
  /** Probability that the danger is present. */
  readonly imminent: number;
}

/**
 * A second opinion on texts, learned from labelled lines: it knows no phrases, only what words and kinds of words beside
 * each other have meant before. It hears what the phrases said.
 */
export class SecondOpinion {
  readonly #cues: HeardCues;
  readonly #model: LearnedModel;
  /** By word number. */
  readonly #alarms: Float32Array;

  constructor(lexicon: Lexicon, model: LearnedModel) {
    this.#cues = new HeardCues(lexicon, model, LONGEST);
    this.#model = model;
    this.#alarms = Float32Array.from(lexicon.words.words, (word) =>
      model.alarmOf(hashOfCue('word', word, undefined)),
    );
  }

  /** Whether some words in a row alarm enough for a closer look: most lines of a game do not. */
  isAlarmed({ tokens, words }: TextReading): boolean {
    const enough = this.#model.bias[ALARM]!;
    let alarm = 0;
    for (let i = 0; i < tokens.count; i++) {
      const word = words[i]!;
      if (word === -1) continue;
      alarm += this.#alarms[word]! - CALM;
      if (alarm < 0) alarm = 0;
      else if (alarm >= enough) return true;
    }
    return false;
  }

  /** Null: the whole text looks safe, and no phrase claims anything. Time in proportion to the number of words. */
  unlessQuiet(reading: TextReading, scan: PhraseScan): Opinion | null {
    const { count } = reading.tokens;
    if (count > LONGEST) return this.of(reading, scan, NOTHING);
    const model = this.#model;
    this.#cues.hear(0, count, reading, scan, NOTHING);
    model.weigh();
    if (model.isFarAhead(SAFE, PLAINLY_QUIET)) return null;
    const crisis = model.share();
    return model.shares[SAFE]! >= QUIET ? null : this.#opinion(0, count, crisis);
  }

  /** Time in proportion to the number of words. */
  of(reading: TextReading, scan: PhraseScan, judged: readonly Judged[]): Opinion {
    const { count } = reading.tokens;
    let worst: Opinion | null = null;
    for (let from = 0; ; from += LONGEST - OVERLAP) {
      const to = Math.min(count, from + LONGEST);
      const crisis = this.#shareOfCrises(from, to, reading, scan, judged);
      if (worst === null || crisis > worst.crisis) worst = this.#opinion(from, to, crisis);
      if (to === count) return worst;
    }
  }

  /** Weighs a stretch of a text. */
  #shareOfCrises(
    from: number,
    to: number,
    reading: TextReading,
    scan: PhraseScan,
    judged: readonly Judged[],
  ): number {
    this.#cues.hear(from, to, reading, scan, judged);
    this.#model.weigh();
    return this.#model.share();
  }

  /** Of the stretch that was weighed last. */
  #opinion(from: number, to: number, crisis: number): Opinion {
    const { shares, sums } = this.#model;
    return {
      from,
      to,
      crisis,
      type: OUTCOMES[likeliest(shares, 0, CRISES)]!,
      safe: shares[SAFE]!,
      distress: OUTCOMES[likeliest(shares, CRISES, SAFE)]!,
      imminent: 1 / (1 + Math.exp(-sums[IMMINENT]!)),
    };
  }
}

function likeliest(shares: Float64Array, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (shares[i]! > shares[best]!) best = i;
  return best;
}
