import type { Lexicon } from '../src/safety/lexicon/compile.ts';
import { judge } from '../src/safety/decide/judge.ts';
import { PhraseScan } from '../src/safety/decide/scan.ts';
import { CUE, CUE_KINDS, cueHash } from '../src/safety/learned/cue-hash.ts';
import { OWN, PLAY, SPEAKER, START } from '../src/safety/learned/cue-parts.ts';
import {
  ALARM,
  CALM,
  COLUMNS,
  IMMINENT,
  OUTCOMES,
  SAFE,
  type Outcome,
} from '../src/safety/learned/learned-model.ts';
import { modelHeader } from '../src/safety/learned/read-cues.ts';
import { TextCues, type CueListener } from '../src/safety/learned/text-cues.ts';
import { hashOf } from '../src/safety/match/word-table.ts';
import { TextReading } from '../src/safety/read-text.ts';

/** A line with what it is. `imminent` is null where the label does not tell. */
export interface LearnedLine {
  readonly text: string;
  readonly outcome: Outcome;
  readonly imminent: boolean | null;
}

export interface Example {
  readonly cues: Int32Array;
  /** Cues of its known words in their order. */
  readonly words: Int32Array;
  readonly outcome: number;
  readonly imminent: number;
}

/** Cues of all lines, numbered, with the name of each. */
export class CueBook {
  readonly names: string[] = [];
  readonly #numbers = new Map<number, number>();
  readonly #parts = new Map<number, string>();
  readonly #reading: TextReading;
  readonly #scan: PhraseScan;
  readonly #vocabulary: ReadonlySet<number>;
  readonly #cues: TextCues;
  #listen: CueListener = () => undefined;

  constructor(lexicon: Lexicon) {
    this.#vocabulary = new Set(lexicon.words.words.map(hashOf));
    this.#reading = new TextReading(lexicon);
    this.#scan = new PhraseScan(lexicon);
    this.#cues = new TextCues(lexicon, (kind, first, second) => this.#listen(kind, first, second));
    const fixed = [PLAY, SPEAKER, START, 'idiom', OWN];
    for (const word of lexicon.words.words) fixed.push(word, word.slice(0, 4));
    for (const names of lexicon.kinds.values()) for (const name of names) fixed.push(`<${name}>`);
    for (const meaning of lexicon.meanings) {
      if (meaning.kind === 'cue') fixed.push(meaning.cue);
      if (meaning.kind === 'claim')
        fixed.push(`${meaning.phrase.type}/${meaning.phrase.tier}`, meaning.phrase.type, meaning.phrase.tier);
    }
    for (const name of fixed) this.#know(name);
  }

  /** @param grow  false: cues that no line had before are left out */
  read(line: LearnedLine, grow: boolean): Example {
    const { tokens } = this.#reading;
    this.#reading.read(line.text);
    this.#scan.run(this.#reading);
    for (let i = 0; i < tokens.count; i++) {
      const word = tokens.word(i);
      this.#know(word);
      this.#know(word.slice(0, 4));
    }
    const judged = this.#scan.hasClaim ? judge(this.#reading, this.#scan.matches(), {}, 'input').judged : [];
    for (const { verdict, reason, modifiers } of judged) {
      for (const name of [verdict, reason ?? OWN, ...modifiers]) this.#know(name);
    }
    const found = new Set<number>();
    const words: number[] = [];
    this.#listen = (kind, first, second) => {
      const key = cueHash(kind, first, second);
      let number = this.#numbers.get(key);
      if (number === undefined) {
        if (!grow) return;
        number = this.names.length;
        this.#numbers.set(key, number);
        const parts = [first, ...(second === 0 ? [] : [second])].map((part) => this.#parts.get(part) ?? '?');
        this.names.push([CUE_KINDS[kind - 1]!, parts[0]!, parts[1] ?? ''].join('\t'));
      }
      found.add(number);
      if (kind === CUE.word && this.#isKnown(first)) words.push(number);
    };
    this.#cues.collect(0, tokens.count, this.#reading, this.#scan, judged);
    return {
      cues: Int32Array.from(found),
      words: Int32Array.from(words),
      outcome: OUTCOMES.indexOf(line.outcome),
      imminent: line.imminent === null ? -1 : Number(line.imminent),
    };
  }

  /** Whether the word lists hold the word: only those alarm by themselves. */
  #isKnown(hash: number): boolean {
    return this.#vocabulary.has(hash);
  }

  #know(name: string): void {
    this.#parts.set(hashOf(name), name);
  }
}

export interface Learning {
  readonly rounds: number;
  readonly rate: number;
  /** Pulls small weights to nothing. */
  readonly sparse: number;
  readonly decay: number;
}

export const LEARNING: Learning = { rounds: 15, rate: 0.3, sparse: 4, decay: 1 };
const WIDTH = COLUMNS.length;

/** What a word does not alarm matters too: it lets most lines of a game pass. */
const ALARM_SPARSE = 0.1;

/** Multinomial logistic regression by FTRL-proximal: the same lines give the same weights. */
export function learn(
  examples: readonly Example[],
  { names }: { readonly names: readonly string[] },
  how: Learning = LEARNING,
): Float64Array {
  const cueCount = names.length;
  const isWord = Uint8Array.from(names, (name) => Number(name.startsWith('word\t')));
  const z = new Float64Array((cueCount + 1) * WIDTH);
  const n = new Float64Array((cueCount + 1) * WIDTH);
  const counts = new Float64Array(OUTCOMES.length);
  for (const { outcome } of examples) counts[outcome]!++;
  // Rare outcomes count for more, but not as much more as they are rarer.
  const weightOf = Array.from(counts, (count) =>
    count === 0 ? 0 : Math.sqrt(examples.length / OUTCOMES.length / count),
  );
  const sums = new Float64Array(WIDTH);
  const order = Int32Array.from(examples.keys());
  let seed = 7;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const weight = (at: number): number => {
    const own = z[at]!;
    const sparse = at % WIDTH === ALARM ? how.sparse * ALARM_SPARSE : how.sparse;
    if (Math.abs(own) <= sparse) return 0;
    return -(own - Math.sign(own) * sparse) / ((1 + Math.sqrt(n[at]!)) / how.rate + how.decay);
  };
  for (let round = 0; round < how.rounds; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const k = Math.floor(random() * (i + 1));
      [order[i], order[k]] = [order[k]!, order[i]!];
    }
    for (const number of order) {
      const { cues, outcome, imminent } = examples[number]!;
      for (let c = 0; c < WIDTH; c++) sums[c] = weight(cueCount * WIDTH + c);
      for (const cue of cues) for (let c = 0; c < WIDTH; c++) sums[c]! += weight(cue * WIDTH + c);
      let total = 0;
      const highest = Math.max(...sums.subarray(0, OUTCOMES.length));
      for (let c = 0; c < OUTCOMES.length; c++) total += sums[c] = Math.exp(sums[c]! - highest);
      for (let c = 0; c < OUTCOMES.length; c++)
        sums[c] = (sums[c]! / total - Number(c === outcome)) * weightOf[outcome]!;
      let alarm = weight(cueCount * WIDTH + ALARM);
      for (const cue of cues) if (isWord[cue] === 1) alarm += weight(cue * WIDTH + ALARM);
      sums[ALARM] = 1 / (1 + Math.exp(-alarm)) - Number(outcome !== SAFE);
      sums[IMMINENT] = imminent === -1 ? 0 : 1 / (1 + Math.exp(-sums[IMMINENT]!)) - imminent;
      for (let k = -1; k < cues.length; k++) {
        const at = (k === -1 ? cueCount : cues[k]!) * WIDTH;
        for (let c = 0; c < WIDTH; c++) {
          const gradient = sums[c]!;
          if (gradient === 0 || (c === ALARM && k !== -1 && isWord[cues[k]!] === 0)) continue;
          const before = n[at + c]!;
          const after = before + gradient * gradient;
          const step = (Math.sqrt(after) - Math.sqrt(before)) / how.rate;
          z[at + c]! += gradient - step * weight(at + c);
          n[at + c] = after;
        }
      }
    }
  }
  const weights = Float64Array.from(z.keys(), weight);
  weights[cueCount * WIDTH + SAFE]! += LEAN;
  weights[cueCount * WIDTH + ALARM] = enoughAlarm(examples, weights);
  return weights;
}

/**
 * Labelled lines hold more crises than a game does: what is learned from them leans to safety so much. Chosen on authors
 * who were left out of the learning.
 */
const LEAN = 0.25;

/** Of the lines that are not safe, this share may be passed over when no phrase claims anything. */
const PASSED_OVER = 0.01;

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

/** Weights as the file that `LearnedModel` reads; cues that say nothing are left out. */
export function writeModel(
  names: readonly string[],
  weights: Float64Array,
  about: readonly string[],
): string {
  const lineOf = (at: number): string[] => {
    const entries: string[] = [];
    for (let c = 0; c < WIDTH; c++) {
      const text = weights[at + c]!.toFixed(2);
      if (Number(text) !== 0) entries.push(`${COLUMNS[c]}=${Number(text)}`);
    }
    return entries;
  };
  const lines = names
    .map((name, row) => [name, ...lineOf(row * WIDTH)])
    .filter((line) => line.length > 1)
    .map((line) => line.join('\t'))
    .sort();
  const bias = ['bias', '', '', ...lineOf(names.length * WIDTH)].join('\t');
  return `${[modelHeader(), ...about.map((line) => `# ${line}`), bias, ...lines].join('\n')}\n`;
}
