import { ALARM, CALM, COLUMNS, IMMINENT, OUTCOMES, SAFE } from '../src/safety/learned/learned-model.ts';
import type { Example } from './learn-cues.ts';

export interface Learning {
  readonly rounds: number;
  /** The weights are the mean of those after each of so many last rounds, */
  readonly averaged: number;
  /** and of so many learners, each of which reads the lines in another order: what is chance in one is none in all. */
  readonly learners: number;
  readonly rate: number;
  /** Pulls small weights to nothing. */
  readonly sparse: number;
  readonly decay: number;
  /** This share of the cues of a line is hidden each time, so that no cue is relied on that others could replace. */
  readonly hidden: number;
  /** Cues of fewer lines say nothing; single words do, for what they alarm. */
  readonly seen: number;
}

/** Chosen on authors who were left out of the learning: docs/decisions/0035-learned-cues.md */
export const LEARNING: Learning = {
  rounds: 15,
  averaged: 5,
  learners: 4,
  rate: 0.3,
  sparse: 3,
  decay: 1,
  hidden: 0.3,
  seen: 3,
};

const WIDTH = COLUMNS.length;
/** What a word does not alarm matters too: it lets most lines of a game pass. */
const ALARM_SPARSE = 0.1;
/** So near to what was expected that nothing is to be learned. */
const ENOUGH = 1e-3;

/**
 * Labelled lines hold more crises than a game does: what is learned from them leans to safety so much. Chosen by what
 * the kept halves and ordinary lines of players lose and gain.
 */
const LEAN = 1;

/** Of the lines that are not safe, this share may be passed over when no phrase claims anything. */
const PASSED_OVER = 0.01;

/** Weights of all cues, a row of columns for each, and last the bias: the same lines give the same weights. */
export function learn(
  examples: readonly Example[],
  { names }: { readonly names: readonly string[] },
  how: Learning = LEARNING,
): Float64Array {
  const mean = new Float64Array((names.length + 1) * WIDTH);
  for (let number = 0; number < how.learners; number++) {
    const learner = new Learner(examples, names, how, number);
    for (let round = 0; round < how.rounds; round++) {
      learner.runRound();
      if (round < how.rounds - how.averaged) continue;
      for (let at = 0; at < mean.length; at++)
        mean[at]! += learner.weights[at]! / how.averaged / how.learners;
    }
  }
  const bias = names.length * WIDTH;
  mean[bias + SAFE]! += LEAN;
  mean[bias + ALARM] = enoughAlarm(examples, mean);
  return mean;
}

/** Multinomial logistic regression by FTRL-proximal, with cues hidden at random. */
class Learner {
  readonly weights: Float64Array;
  readonly #examples: readonly Example[];
  readonly #how: Learning;
  readonly #bias: number;
  readonly #isWord: Uint8Array;
  readonly #hidden: Float64Array;
  readonly #outcomeWeights: readonly number[];
  readonly #order: Int32Array;
  readonly #pull: Float64Array;
  /** Root of the sum of squared gradients. */
  readonly #root: Float64Array;
  readonly #sums = new Float64Array(WIDTH);
  /** Rows of the cues of a line that are not hidden, the bias first. */
  readonly #rows: Int32Array;
  #seed: number;

  constructor(examples: readonly Example[], names: readonly string[], how: Learning, number: number) {
    this.#seed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
    this.#examples = examples;
    this.#how = how;
    this.#bias = names.length;
    this.#isWord = Uint8Array.from(names, (name) => Number(name.startsWith('word\t')));
    this.#hidden = this.#shareHidden();
    this.#outcomeWeights = outcomeWeights(examples);
    this.#order = Int32Array.from(examples.keys());
    this.weights = new Float64Array((names.length + 1) * WIDTH);
    this.#pull = new Float64Array(this.weights.length);
    this.#root = new Float64Array(this.weights.length);
    this.#rows = new Int32Array(1 + Math.max(0, ...examples.map(({ cues }) => cues.length)));
  }

  runRound(): void {
    const order = this.#order;
    for (let i = order.length - 1; i > 0; i--) {
      const k = Math.floor(this.#random() * (i + 1));
      [order[i], order[k]] = [order[k]!, order[i]!];
    }
    for (const number of order) this.#learnFrom(this.#examples[number]!);
  }

  #learnFrom(example: Example): void {
    const rows = this.#chooseRows(example.cues);
    this.#predict(rows);
    this.#toGradients(example);
    const sums = this.#sums;
    for (let column = 0; column < WIDTH; column++) {
      const gradient = sums[column]!;
      if (Math.abs(gradient) < ENOUGH) continue;
      for (let k = 0; k < rows; k++) {
        const row = this.#rows[k]!;
        if (column === ALARM && !this.#alarms(row)) continue;
        this.#move(row * WIDTH + column, gradient, column === ALARM ? ALARM_SPARSE : 1);
      }
    }
  }

  /** @returns how many rows were chosen */
  #chooseRows(cues: Int32Array): number {
    let rows = 0;
    this.#rows[rows++] = this.#bias;
    for (const cue of cues) if (this.#random() >= this.#hidden[cue]!) this.#rows[rows++] = cue;
    return rows;
  }

  #predict(rows: number): void {
    const sums = this.#sums.fill(0);
    for (let k = 0; k < rows; k++) {
      const row = this.#rows[k]!;
      const at = row * WIDTH;
      for (let column = 0; column < ALARM; column++) sums[column]! += this.weights[at + column]!;
      if (this.#alarms(row)) sums[ALARM]! += this.weights[at + ALARM]!;
    }
  }

  /** Turns the sums into how far each column is from what the line is. */
  #toGradients({ outcome, imminent }: Example): void {
    const sums = this.#sums;
    let highest = sums[0]!;
    for (let column = 1; column < OUTCOMES.length; column++) highest = Math.max(highest, sums[column]!);
    let total = 0;
    for (let column = 0; column < OUTCOMES.length; column++) {
      sums[column] = Math.exp(sums[column]! - highest);
      total += sums[column]!;
    }
    const weight = this.#outcomeWeights[outcome]!;
    for (let column = 0; column < OUTCOMES.length; column++) {
      sums[column] = (sums[column]! / total - Number(column === outcome)) * weight;
    }
    sums[IMMINENT] = imminent === -1 ? 0 : logistic(sums[IMMINENT]!) - imminent;
    sums[ALARM] = logistic(sums[ALARM]!) - Number(outcome !== SAFE);
  }

  /** Moves one weight. */
  #move(at: number, gradient: number, sparser: number): void {
    const { rate, decay } = this.#how;
    const sparse = this.#how.sparse * sparser;
    const before = this.#root[at]!;
    const after = Math.sqrt(before * before + gradient * gradient);
    const pull = this.#pull[at]! + gradient - ((after - before) / rate) * this.weights[at]!;
    this.#root[at] = after;
    this.#pull[at] = pull;
    const beyond = Math.abs(pull) - sparse;
    this.weights[at] = beyond <= 0 ? 0 : (-Math.sign(pull) * beyond) / ((1 + after) / rate + decay);
  }

  /** Only words alarm by themselves. */
  #alarms(row: number): boolean {
    return row === this.#bias || this.#isWord[row] === 1;
  }

  /** By cue: how often it is hidden. */
  #shareHidden(): Float64Array {
    const lines = new Int32Array(this.#bias);
    for (const { cues } of this.#examples) for (const cue of cues) lines[cue]!++;
    const { hidden, seen } = this.#how;
    return Float64Array.from(lines, (count, cue) => (count < seen && this.#isWord[cue] === 0 ? 1 : hidden));
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

/** Rare outcomes count for more, but not as much more as they are rarer. */
function outcomeWeights(examples: readonly Example[]): number[] {
  const counts = new Float64Array(OUTCOMES.length);
  for (const { outcome } of examples) counts[outcome]!++;
  return Array.from(counts, (count) =>
    count === 0 ? 0 : Math.sqrt(examples.length / OUTCOMES.length / count),
  );
}

/** The sum of alarms that all but a few of the lines reach that are not safe. */
function enoughAlarm(examples: readonly Example[], weights: Float64Array): number {
  const sums = examples
    .filter(({ outcome }) => outcome !== SAFE)
    .map(({ words }) => {
      let alarm = 0;
      let highest = 0;
      for (const cue of words) {
        alarm = Math.max(0, alarm + weights[cue * WIDTH + ALARM]! - CALM);
        highest = Math.max(highest, alarm);
      }
      return highest;
    })
    .sort((a, b) => a - b);
  return Math.max(0.05, sums[Math.floor(sums.length * PASSED_OVER)] ?? 0);
}

function logistic(sum: number): number {
  return 1 / (1 + Math.exp(-sum));
}
